package record

import (
	"fmt"
	"strconv"

	"helpost/workflow"
)

// Words of an entry can go, or give place to others, while its line stays as it was hashed. The entry that says so names
// each of them with the digest of what stands there from now on, so that the chain proves the new words as it proved the
// old ones.

// RewrittenKey is the name in an event's Info under which such an entry says what it rewrote: a map of entry numbers to
// digests, "" where nothing stands any more.
const RewrittenKey = "rewritten"

// mayRewrite are the events that may say so.
var mayRewrite = map[workflow.EventType]bool{workflow.ErasedEvent: true, workflow.ExpiredEvent: true}

// Rewrite gives an entry the words of an event, under a new salt, and the digest for RewrittenKey. An event without
// words leaves none, and the digest is "".
func Rewrite(e Entry, to workflow.Event, salt []byte) (Entry, string, error) {
	if to.Actor == "" && len(to.Words) == 0 && len(to.Said) == 0 {
		return Entry{Line: e.Line}, "", nil
	}
	w, err := (&words{to.Actor, to.Words, to.Said}).appendJSON(nil)
	if err != nil {
		return Entry{}, "", fmt.Errorf("record: words of event %d: %w", to.Seq, err)
	}
	return Entry{Line: e.Line, Salt: salt, Words: w}, digest(salt, w), nil
}

// rewrittenBy reads what an entry says that it rewrote: earlier entries, by number.
func rewrittenBy(l line) (map[int]string, error) {
	said, ok := l.Info[RewrittenKey].(map[string]any)
	if !ok || !mayRewrite[l.Type] {
		return nil, nil
	}
	all := make(map[int]string, len(said))
	for name, v := range said {
		seq, err := strconv.Atoi(name)
		digest, isText := v.(string)
		if err != nil || !isText || seq < 1 || seq >= l.Seq {
			return nil, fmt.Errorf("%w: entry %d says that it rewrote %q", ErrBroken, l.Seq, name)
		}
		all[seq] = digest
	}
	return all, nil
}
