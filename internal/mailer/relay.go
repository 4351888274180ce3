package mailer

import "time"

// relay is what we know of the relay's health. It fails when no connection can be opened, or when several mails in a
// row got no proper answer. Then one probe at a time is made, instead of a try for each mail, until one mail is answered.
type relay struct {
	back    backoff
	failing bool
	since   time.Time
	probe   time.Time // no earlier try, while failing
	reason  string
	told    bool // that it fails: not before a probe has failed too
	trouble int  // mails in a row without a proper answer
	hurt    map[uint64]struct{}
}

// maxHurt bounds how many mails are remembered that a failing relay put off.
const maxHurt = 10_000

// fail notes that the relay does not serve us. It says whether that is to be told.
func (r *relay) fail(now time.Time, reason string) bool {
	tell := r.failing && !r.told
	if !r.failing {
		r.failing, r.since = true, now
	}
	r.told = r.told || tell
	r.reason = reason
	r.probe = now.Add(r.back.probe(now.Sub(r.since)))
	return tell
}

// ok notes that the relay serves us. It says whether that is a change.
func (r *relay) ok() bool {
	back := r.failing
	if !back {
		r.hurt = nil // then it was not the relay
	}
	r.failing, r.trouble = false, 0
	return back
}

// judge takes a verdict into account. It says whether a failure is to be told, and whether the relay is back.
func (r *relay) judge(now time.Time, id uint64, v verdict) (tell, back bool) {
	if !v.asked || v.fate == fateStale || v.fate == fateStopped {
		return false, false
	}
	if v.blame == blameNone {
		return false, r.ok()
	}
	if v.fate == fateDeferred && len(r.hurt) < maxHurt {
		if r.hurt == nil {
			r.hurt = map[uint64]struct{}{}
		}
		r.hurt[id] = struct{}{}
	}
	r.trouble++
	if v.blame == blameRelay || r.trouble >= troubleMax || r.failing {
		return r.fail(now, v.text), false
	}
	return false, false
}

// healed gives the mails that a failing relay put off, once.
func (r *relay) healed() []uint64 {
	ids := make([]uint64, 0, len(r.hurt))
	for id := range r.hurt {
		ids = append(ids, id)
	}
	r.hurt = nil
	return ids
}
