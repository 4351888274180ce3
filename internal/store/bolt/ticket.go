package bolt

import (
	"helpost/internal/jot"
	"helpost/internal/sop"
	"helpost/workflow"
)

// appendTicket appends the JSON of a ticket as encoding/json would write it.
func appendTicket(b []byte, t *workflow.Ticket) ([]byte, error) {
	w := jot.To(b)
	w.Open()
	writeFacts(&w, &t.Facts)
	writeWords(&w, &t.Words)
	w.Close()
	return w.Bytes()
}

func writeFacts(w *jot.Writer, f *workflow.Facts) {
	w.Uint("number", uint64(f.Number))
	w.Int("seq", int64(f.Seq))
	w.Text("state", string(f.State))
	w.Text("type", string(f.Type))
	w.Text("impact", string(f.Impact))
	w.Text("urgency", string(f.Urgency))
	w.Text("priority", string(f.Priority))
	w.Text("priority_by", f.PriorityBy)
	w.Some("category", f.Category)
	w.Text("lang", string(f.Lang))
	w.Text("mailbox", f.Mailbox)
	w.Some("team", f.Team)
	if f.Handling != nil {
		w.Name("handling")
		w.Other(f.Handling)
	}
	if len(f.Linked) > 0 {
		w.Name("linked")
		w.Other(f.Linked)
	}
	w.SomeUint("merged_into", uint64(f.MergedInto))
	w.SomeInt("disputes", int64(f.Disputes))
	w.True("suspicious", f.Suspicious)
	w.True("on_behalf", f.OnBehalf)
	w.True("hold", f.Hold)
	w.True("expired", f.Expired)
	w.True("stripped", f.Stripped)
	w.Time("created_at", f.CreatedAt)
	w.SomeTime("responded_at", f.RespondedAt)
	w.SomeTime("resolved_at", f.ResolvedAt)
	w.SomeTime("closed_at", f.ClosedAt)
	w.SomeTime("paused_at", f.PausedAt)
	w.SomeTime("paused_until", f.PausedUntil)
	if len(f.Stops) > 0 {
		w.Name("stops")
		w.Other(f.Stops)
	}
	writeClock(w, "response", &f.Response)
	writeClock(w, "resolution", &f.Resolution)
	writeValidation(w, "validation", &f.Validation)
	w.Texts("missing", f.Missing)
	w.SomeInt("screenshots", int64(f.Screenshots))
	w.Int("messages", int64(f.Messages))
	w.SomeInt("visits", int64(f.Visits))
	w.SomeInt("answer", int64(f.Answer))
	w.SomeInt("raised", int64(f.Raised))
}

func writeClock(w *jot.Writer, name string, c *workflow.Clock) {
	w.Name(name)
	w.Open()
	w.Time("due", c.Due)
	w.SomeInt("goal", c.Goal)
	w.Time("warn_at", c.WarnAt)
	w.True("warned", c.Warned)
	w.True("breached", c.Breached)
	w.True("by_change", c.ByChange)
	w.SomeInt("level", int64(c.Level))
	w.SomeTime("climb_at", c.ClimbAt)
	w.Close()
}

func writeValidation(w *jot.Writer, name string, v *workflow.Validation) {
	w.Name(name)
	w.Open()
	w.SomeTime("remind_at", v.RemindAt)
	w.SomeTime("close_at", v.CloseAt)
	w.True("restarted", v.Restarted)
	w.Some("held", v.Held)
	w.SomeInt("since", int64(v.Since))
	w.Close()
}

func writeWords(w *jot.Writer, t *workflow.Words) {
	w.Text("subject", t.Subject)
	w.Name("reporter")
	writePerson(w, &t.Reporter)
	if len(t.CoReporters) > 0 {
		w.Name("co_reporters")
		w.Other(t.CoReporters)
	}
	w.Texts("watchers", t.Watchers)
	w.Texts("asset_codes", t.AssetCodes)
	w.Some("assignee", t.Assignee)
	w.Map("evidence", t.Evidence)
	w.Texts("pictures", t.Pictures)
	w.Some("wait", t.Wait)
}

func writePerson(w *jot.Writer, p *sop.Person) {
	w.Open()
	w.Text("address", p.Address)
	w.Some("name", p.Name)
	w.Some("department", p.Department)
	w.Some("asset_code", p.AssetCode)
	w.Some("lang", string(p.Lang))
	w.Close()
}
