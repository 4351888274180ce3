package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	maxBlob = 1 << 30  // of one blob, in bytes: mails are far smaller
	maxText = 64 << 20 // of the manifest
)

// sink takes what a file holds. Its store is called once, before any blob.
type sink struct {
	store func(io.Reader) error
	blob  func(name string, content []byte) error
}

// Check reads a whole backup and says whether it is what was written.
func Check(ctx context.Context, path string) (Manifest, error) {
	return read(ctx, path, sink{
		store: func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err },
		blob:  func(string, []byte) error { return nil },
	})
}

// IsBackup says whether a file begins as a backup does.
func IsBackup(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = begin(tar.NewReader(f))
	return err == nil
}

// read goes through a file and hands out what it holds, once each piece is known to be whole: all but the store, which the
// sink must not trust before read has returned without an error.
func read(ctx context.Context, path string, to sink) (Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close()
	m, err := members(ctx, tar.NewReader(&cancelled{ctx, f}), to)
	switch {
	case ctx.Err() != nil:
		return m, ctx.Err()
	case err != nil:
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// cancelled is a reader that ends with a context.
type cancelled struct {
	ctx  context.Context
	from io.Reader
}

func (c *cancelled) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.from.Read(b)
}

func begin(t *tar.Reader) (b Begin, err error) {
	h, err := t.Next()
	if err != nil || h.Name != nameBegin || h.Size > maxText {
		return b, ErrNoBackup
	}
	if err := json.NewDecoder(io.LimitReader(t, h.Size)).Decode(&b); err != nil {
		return b, ErrNoBackup
	}
	if b.Format != Format {
		return b, fmt.Errorf("it is a backup of format %d, and this helpost reads %d", b.Format, Format)
	}
	return b, nil
}

// members reads the members in their order and compares them with the manifest at the end.
func members(ctx context.Context, t *tar.Reader, to sink) (have Manifest, err error) {
	if have.Begin, err = begin(t); err != nil {
		return have, err
	}
	h, err := t.Next()
	if err != nil || h.Name != nameStore {
		return have, fmt.Errorf("%w: the store is missing", ErrDamaged)
	}
	sum := sha256.New()
	if err := to.store(io.TeeReader(t, sum)); err != nil {
		return have, damaged(err)
	}
	have.StoreSize, have.StoreSHA256 = h.Size, hex.EncodeToString(sum.Sum(nil))
	listed := sha256.New()
	for {
		h, err := t.Next()
		if err != nil {
			return have, fmt.Errorf("%w: it is cut off", ErrDamaged)
		}
		if h.Name == nameManifest {
			have.Names = hex.EncodeToString(listed.Sum(nil))
			return compare(have, t, h.Size)
		}
		name, is := strings.CutPrefix(h.Name, blobFolder)
		if !is || h.Size > maxBlob {
			return have, fmt.Errorf("%w: it holds %.100q", ErrDamaged, h.Name)
		}
		content, err := io.ReadAll(t)
		if err != nil {
			return have, damaged(err)
		}
		if sumOf(content) != name {
			return have, fmt.Errorf("%w: the blob %.100s was changed", ErrDamaged, name)
		}
		if err := to.blob(name, content); err != nil {
			return have, err
		}
		have.Blobs++
		have.BlobBytes += h.Size
		listName(listed, name)
	}
}

// damaged says that a piece is cut off or is no tar, where the error is not of the sink's or of the disk's.
func damaged(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, tar.ErrHeader) {
		return fmt.Errorf("%w: it is cut off", ErrDamaged)
	}
	return err
}

// compare reads the manifest and says whether it is that of what was read.
func compare(have Manifest, from io.Reader, size int64) (Manifest, error) {
	var m Manifest
	if size > maxText {
		return have, fmt.Errorf("%w: its manifest has %d bytes", ErrDamaged, size)
	}
	if err := json.NewDecoder(io.LimitReader(from, size)).Decode(&m); err != nil {
		return have, fmt.Errorf("%w: its manifest cannot be read: %v", ErrDamaged, err)
	}
	switch {
	case m.StoreSize != have.StoreSize || m.StoreSHA256 != have.StoreSHA256:
		return m, fmt.Errorf("%w: the store in it is not the one that was written", ErrDamaged)
	case m.Blobs != have.Blobs || m.BlobBytes != have.BlobBytes || m.Names != have.Names:
		return m, fmt.Errorf("%w: its blobs are not those that were written", ErrDamaged)
	case !m.Made.Equal(have.Made):
		return m, fmt.Errorf("%w: its beginning and its end are of two backups", ErrDamaged)
	}
	return m, nil
}
