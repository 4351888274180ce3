package config

import "fmt"

// retention checks the ages at which data goes.
func (k *checker) retention() {
	r := &k.Retention
	for _, a := range []struct {
		path string
		age  Duration
	}{{"retention.closed_after", r.ClosedAfter}, {"retention.attachments_after", r.AttachmentsAfter}, {"retention.quarantine_after", r.QuarantineAfter}} {
		if k.at.has(a.path) {
			k.within(a.path, a.age, maxDuration)
		}
	}
	if r.TracesAfter.Duration != 0 {
		k.within("retention.traces_after", r.TracesAfter, maxDuration)
	}
	if k.at.has("retention.closed_after") && r.ClosedAfter.Duration < k.Validation.ReopenWindow.Duration {
		k.warn("retention.closed_after", fmt.Sprintf("closed_after (%s) is shorter than reopen_window (%s): who answers between them is a stranger to his ticket", r.ClosedAfter, k.Validation.ReopenWindow))
	}
}
