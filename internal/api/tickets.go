package api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"helpost/internal/record"
	"helpost/internal/store"
	"helpost/workflow"
)

// maxQuery bounds what a filter may hold, in bytes.
const maxQuery = 300

// page is a list of tickets and the cursor of what follows.
type page struct {
	Tickets []Summary `json:"tickets"`
	Next    *string   `json:"next"`
}

var states = map[string]bool{
	string(workflow.New): true, string(workflow.Open): true, string(workflow.Paused): true, string(workflow.Resolved): true,
	string(workflow.Closed): true, string(workflow.Merged): true, string(workflow.Rejected): true,
}

// filterOf reads the query of a list.
func filterOf(q url.Values) (store.Filter, error) {
	f := store.Filter{State: workflow.State(strings.ToLower(q.Get("state"))), Reporter: q.Get("reporter"), Assignee: q.Get("assignee"), Query: q.Get("q"), After: q.Get("after")}
	for name, values := range q {
		if len(values) > 1 || len(values[0]) > maxQuery {
			return f, problem(http.StatusBadRequest, "%.40q stands twice or is too long", name)
		}
	}
	if f.State != "" && !states[string(f.State)] {
		return f, problem(http.StatusBadRequest, "there is no state %.40q", f.State)
	}
	if l := q.Get("limit"); l != "" {
		n, err := strconv.Atoi(l)
		if err != nil || n < 1 || n > 1000 {
			return f, problem(http.StatusBadRequest, "\"limit\" is a number from 1 to 1000")
		}
		f.Limit = n
	}
	return f, nil
}

func (s *Server) listTickets(w http.ResponseWriter, r *http.Request) error {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problem(http.StatusBadRequest, "the query cannot be read")
	}
	f, err := filterOf(q)
	if err != nil {
		return err
	}
	var found []workflow.Ticket
	var next string
	err = s.Store.View(r.Context(), func(v store.Reader) (err error) {
		found, next, err = v.List(f)
		return err
	})
	if err != nil {
		return err
	}
	p := page{Tickets: make([]Summary, len(found)), Next: orNull(next)}
	for i, t := range found {
		p.Tickets[i] = Summarise(s.Prefix, t)
	}
	return reply(w, p)
}

func (s *Server) showTicket(w http.ResponseWriter, r *http.Request) error {
	n, ok := ParseID(r.PathValue("id"), s.Prefix)
	if !ok {
		return s.noTicket(r)
	}
	var t workflow.Ticket
	var messages []store.Message
	var log []record.Entry
	err := s.Store.View(r.Context(), func(v store.Reader) (err error) {
		if t, _, err = v.Ticket(n); err != nil {
			return err
		}
		if messages, err = v.Messages(n); err != nil {
			return err
		}
		log, err = v.Log(n)
		return err
	})
	if isNotFound(err) {
		return s.noTicket(r)
	}
	if err != nil {
		return err
	}
	view, err := View(s.Prefix, t, messages, log)
	if err != nil {
		return err
	}
	return reply(w, view)
}

func (s *Server) noTicket(r *http.Request) error {
	return problem(http.StatusNotFound, "there is no ticket %.40s", r.PathValue("id"))
}
