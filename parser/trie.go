package parser

import (
	"cmp"
	"slices"
)

// trie finds phrases in a sequence of words.
type trie struct {
	first []int32  // the node behind a first word, by its number; 0: no phrase begins with it
	next  [][]step // by node: the words that go on, in the order of their numbers
	marks [][]mark // by node
}

// step goes on with a word to a node.
type step struct{ word, node int32 }

// mark is what a phrase stands for: its section, and its value where the section has values.
type mark struct{ section, value string }

func newTrie() trie { return trie{next: make([][]step, 1), marks: make([][]mark, 1)} }

// child gives the node behind a word, a new one where there is none.
func (t *trie) child(node, word int32) int32 {
	if node == 0 {
		t.first = append(t.first, make([]int32, max(0, int(word)+1-len(t.first)))...)
		if t.first[word] == 0 {
			t.first[word] = t.add()
		}
		return t.first[word]
	}
	at, known := slices.BinarySearchFunc(t.next[node], word, func(s step, word int32) int { return cmp.Compare(s.word, word) })
	if !known {
		n := t.add()
		t.next[node] = slices.Insert(t.next[node], at, step{word, n})
	}
	return t.next[node][at].node
}

func (t *trie) add() int32 {
	t.next, t.marks = append(t.next, nil), append(t.marks, nil)
	return int32(len(t.marks) - 1)
}

// behind gives the node behind a word, 0 where there is none.
func (t *trie) behind(node, word int32) int32 {
	steps := t.next[node]
	for len(steps) > 8 {
		if half := len(steps) / 2; steps[half].word <= word {
			steps = steps[half:]
		} else {
			steps = steps[:half]
		}
	}
	for _, s := range steps {
		if s.word == word {
			return s.node
		}
	}
	return 0
}

// longest gives the longest phrase that begins at a word: how many words it has, and its marks.
func (t *trie) longest(words []token) (int, []mark) {
	if len(words) == 0 || int(words[0].id) >= len(t.first) {
		return 0, nil
	}
	node, best := t.first[words[0].id], 0
	var found []mark
	for i := 1; node != 0; i++ {
		if t.marks[node] != nil {
			best, found = i, t.marks[node]
		}
		if i == len(words) || words[i].breaks&(breakStop|breakLine|breakComma) != 0 {
			break
		}
		node = t.behind(node, words[i].id)
	}
	return best, found
}
