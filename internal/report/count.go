package report

import (
	"cmp"
	"slices"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// Counter adds up stories. It keeps no ticket: of each it holds four times, of four bytes.
type Counter struct {
	q    Query
	rows map[string]*Row
}

// fixed are the groups that a report has also where nothing is in them.
var fixed = map[string][]string{
	ByPriority: {string(sop.P1), string(sop.P2), string(sop.P3)},
	ByType:     {string(sop.Incident), string(sop.ServiceRequest)},
}

// NewCounter makes a counter for a query.
func NewCounter(q Query) *Counter {
	c := &Counter{q: q, rows: map[string]*Row{}}
	for _, key := range fixed[q.By] {
		c.row(key)
	}
	return c
}

func (c *Counter) row(key string) *Row {
	r := c.rows[key]
	if r == nil {
		r = &Row{Key: key}
		c.rows[key] = r
	}
	return r
}

// Wants says whether a ticket is one of those that the query is about.
func (c *Counter) Wants(t *workflow.Ticket) bool {
	return !t.CreatedAt.Before(c.q.From) && t.CreatedAt.Before(c.q.To) && c.ours(t)
}

func (c *Counter) ours(t *workflow.Ticket) bool { return c.q.Team == "" || t.Team == c.q.Team }

// Add counts a ticket that was received in the period; another one is left out.
func (c *Counter) Add(s *Story) {
	t := &s.Ticket
	if !c.Wants(t) {
		return
	}
	r := c.row(keyOf(t, c.q.By))
	switch t.State {
	case workflow.Merged:
		r.Merged++
		return
	case workflow.Rejected:
		r.Rejected++
		return
	case workflow.Resolved:
		r.Awaiting++
	case workflow.Closed:
	default:
		r.Open++
	}
	r.Received++
	r.count(t)
	r.Disputes += s.Disputes
	r.Reopened += s.Reopened
	switch s.ClosedBy {
	case "confirm":
		r.ByConfirm++
	case "silence":
		r.BySilence++
	case "hand":
		r.ByHand++
	}
	r.Response.add(&s.Response, r.times[0:2])
	r.Resolution.add(&s.Resolution, r.times[2:4])
}

// count counts what a ticket is.
func (r *Row) count(t *workflow.Ticket) {
	switch t.Type {
	case sop.Incident:
		r.Incidents++
	case sop.ServiceRequest:
		r.ServiceRequests++
	}
	switch t.Priority {
	case sop.P1:
		r.P1++
	case sop.P2:
		r.P2++
	case sop.P3:
		r.P3++
	}
	if t.PriorityBy == "agent" {
		r.DecidedByAgent++
	}
}

func (t *Target) add(j *Judged, times [][]int32) {
	switch j.Net {
	case Met:
		t.Met++
	case Missed:
		t.Missed++
	case Running:
		t.Running++
	case Unowed:
		t.Unowed++
	case ByChange:
		t.ByChange++
	}
	switch j.Gross {
	case Met:
		t.GrossMet++
	case Missed:
		t.GrossMissed++
	case Running:
		t.GrossRunning++
	}
	if j.Ended {
		times[0] = append(times[0], seconds(j.GrossTime))
		times[1] = append(times[1], seconds(j.NetTime))
	}
}

// seconds are whole ones, rounded down; 68 years are as long as a time gets.
func seconds(d time.Duration) int32 {
	return int32(min(d/time.Second, 1<<31-1))
}

// Backlog counts a ticket that is open now, whenever it was received.
func (c *Counter) Backlog(t *workflow.Ticket) {
	if alive(t) && c.ours(t) {
		c.row(keyOf(t, c.q.By)).OpenNow.add(c.q.At.Sub(t.CreatedAt))
	}
}

// Report gives the figures, the groups in their order: priorities and types as the SOP names them, others by name, and
// what has none last.
func (c *Counter) Report() Report {
	out := Report{Period: c.q.Name, From: c.q.From, To: c.q.To, At: c.q.At.In(c.q.From.Location()).Truncate(time.Second),
		Timezone: c.q.From.Location().String(), By: c.q.By, Rows: []Row{}}
	if c.q.Team != "" {
		out.Team = &c.q.Team
	}
	for _, r := range c.rows {
		out.Total.join(r)
		row := *r
		row.finish()
		out.Rows = append(out.Rows, row)
	}
	slices.SortFunc(out.Rows, func(a, b Row) int {
		if (a.Key == "") != (b.Key == "") {
			return cmp.Compare(b.Key, a.Key)
		}
		return cmp.Compare(a.Key, b.Key)
	})
	out.Total.Key = "total"
	out.Total.finish()
	return out
}

// join adds the counts and the times of another row.
func (r *Row) join(o *Row) {
	for _, sum := range [][2]*int{
		{&r.Received, &o.Received}, {&r.Incidents, &o.Incidents}, {&r.ServiceRequests, &o.ServiceRequests}, {&r.P1, &o.P1}, {&r.P2, &o.P2}, {&r.P3, &o.P3},
		{&r.DecidedByAgent, &o.DecidedByAgent}, {&r.Disputes, &o.Disputes}, {&r.Reopened, &o.Reopened}, {&r.ByConfirm, &o.ByConfirm},
		{&r.BySilence, &o.BySilence}, {&r.ByHand, &o.ByHand}, {&r.Open, &o.Open}, {&r.Awaiting, &o.Awaiting}, {&r.Merged, &o.Merged}, {&r.Rejected, &o.Rejected},
		{&r.OpenNow.Day, &o.OpenNow.Day}, {&r.OpenNow.Days3, &o.OpenNow.Days3}, {&r.OpenNow.Week, &o.OpenNow.Week}, {&r.OpenNow.Month, &o.OpenNow.Month}, {&r.OpenNow.Older, &o.OpenNow.Older},
	} {
		*sum[0] += *sum[1]
	}
	r.Response.join(&o.Response)
	r.Resolution.join(&o.Resolution)
	for i := range r.times {
		r.times[i] = append(r.times[i], o.times[i]...)
	}
}

func (t *Target) join(o *Target) {
	t.Met += o.Met
	t.Missed += o.Missed
	t.Running += o.Running
	t.GrossMet += o.GrossMet
	t.GrossMissed += o.GrossMissed
	t.GrossRunning += o.GrossRunning
	t.Unowed += o.Unowed
	t.ByChange += o.ByChange
}

// finish works out shares and percentiles, and lets the times go.
func (r *Row) finish() {
	for i, t := range []*Target{&r.Response, &r.Resolution} {
		t.Percent, t.GrossPercent = share(t.Met, t.Missed), share(t.GrossMet, t.GrossMissed)
		gross, net := slices.Clone(r.times[2*i]), slices.Clone(r.times[2*i+1])
		slices.Sort(gross)
		slices.Sort(net)
		t.Count = len(net)
		t.Median, t.P90 = percentile(net, 50), percentile(net, 90)
		t.GrossMedian, t.GrossP90 = percentile(gross, 50), percentile(gross, 90)
	}
	r.times = [4][]int32{}
}

// share is met of met and missed in percent, tenths rounded down, so that 100 means that none was missed.
func share(met, missed int) *float64 {
	if met+missed == 0 {
		return nil
	}
	p := float64(1000*met/(met+missed)) / 10
	return &p
}

// percentile is the smallest of the sorted times that so many percent of them do not exceed (the nearest rank).
func percentile(sorted []int32, percent int) *int64 {
	if len(sorted) == 0 {
		return nil
	}
	v := int64(sorted[(len(sorted)*percent+99)/100-1])
	return &v
}
