//go:build linux

package power

// What calls do to the names in folders.

// changesName records that a path stands for something else: by one entry of its folder.
func (r *recorder) changesName(c *underWay, dirfd int, at uint64, to *node) error {
	path, mine, err := r.below(dirfd, at)
	if err != nil || !mine {
		return err
	}
	dir, name, odd := r.place(path)
	if odd != nil {
		c.odd = odd
		return nil
	}
	c.path = path
	c.does = append(c.does, &change{kind: naming, node: dir, name: name, to: to})
	return nil
}

func (r *recorder) makes(c *underWay) error {
	return r.changesName(c, fdOf(c.args[0]), c.args[1], &node{dir: true, old: map[string]*node{}, now: map[string]*node{}})
}

func (r *recorder) unlinks(c *underWay) error {
	return r.changesName(c, fdOf(c.args[0]), c.args[1], nil)
}

func (r *recorder) links(c *underWay) error {
	path, mine, err := r.below(fdOf(c.args[0]), c.args[1])
	if err != nil || !mine {
		return err
	}
	return r.changesName(c, fdOf(c.args[2]), c.args[3], r.root.find(path))
}

// renames records a rename; one from a folder into another as two changes, of which a disk may do either alone.
func (r *recorder) renames(c *underWay) error {
	from, mine, err := r.below(fdOf(c.args[0]), c.args[1])
	if err != nil || !mine {
		return err
	}
	moved := r.root.find(from)
	if moved == nil {
		return nil // it fails
	}
	if err := r.changesName(c, fdOf(c.args[2]), c.args[3], moved); err != nil {
		return err
	}
	dir, name, err := r.place(from)
	if err != nil || len(c.does) == 0 {
		return err
	}
	if to := c.does[0]; to.node == dir {
		to.kind, to.toName, to.name = renaming, to.name, name
		return nil
	}
	c.does = append(c.does, &change{kind: naming, node: dir, name: name})
	return nil
}
