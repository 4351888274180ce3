package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"helpost/internal/api"
	"helpost/internal/show"
	"helpost/internal/store"
	"helpost/workflow"
)

// ticketVerb lists, shows, exports and holds tickets.
type ticketVerb struct {
	List   ticketList   `cmd:"" help:"List tickets, the newest first."`
	Show   ticketShow   `cmd:"" help:"Tell a ticket's story."`
	Export ticketExport `cmd:"" help:"Write tickets whole, for programs."`
	Hold   ticketHold   `cmd:"" help:"Keep a ticket from retention and erasure."`
}

// narrowed are the flags that narrow a list of tickets.
type narrowed struct {
	State    string `help:"Only tickets in this state." enum:"new,open,pending,resolved,closed,merged,rejected," default:""`
	Reporter string `help:"Only tickets of this reporter."`
	Assignee string `help:"Only tickets of this agent."`
	Query    string `name:"q" help:"Only tickets with these words in subject or text."`
}

func (n narrowed) filter() store.Filter {
	return store.Filter{State: workflow.State(n.State), Reporter: n.Reporter, Assignee: n.Assignee, Query: n.Query}
}

type ticketList struct {
	configured
	narrowed
	JSON bool `name:"json" help:"One JSON object a line."`
}

func (v *ticketList) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.with(ctx, errOut, func(c *api.Client) error {
		tickets := c.Tickets(ctx, v.filter())
		if !v.JSON {
			return show.Tickets(out, tickets, time.Now())
		}
		return jsonLines(out, tickets)
	})
}

type ticketShow struct {
	configured
	JSON bool   `name:"json" help:"The API's object."`
	ID   string `arg:"" help:"IT-000123"`
}

func (v *ticketShow) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.with(ctx, errOut, func(c *api.Client) error {
		t, err := c.Ticket(ctx, v.ID)
		if api.IsUnknown(err) {
			return fmt.Errorf("there is no ticket %s", v.ID)
		}
		if err != nil {
			return err
		}
		if v.JSON {
			return json.NewEncoder(out).Encode(t)
		}
		return show.Ticket(out, t, v.zone)
	})
}

type ticketExport struct {
	configured
	narrowed
	Format string `help:"json or csv." enum:"json,csv" default:"json"`
}

func (v *ticketExport) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.with(ctx, errOut, func(c *api.Client) error {
		tickets := c.Export(ctx, v.filter())
		if v.Format == "csv" {
			return api.WriteCSV(out, tickets)
		}
		return api.WriteJSON(out, tickets)
	})
}

type ticketHold struct {
	configured
	Off bool   `help:"Let it go again."`
	ID  string `arg:"" help:"IT-000123"`
}

func (v *ticketHold) Run(ctx context.Context, _ io.Reader, out, errOut io.Writer) error {
	return v.withKept(ctx, errOut, func(c *api.Client) error {
		if err := c.Hold(ctx, v.ID, !v.Off); err != nil {
			return err
		}
		said := "is on hold: neither age nor an erasure takes anything from it"
		if v.Off {
			said = "is not on hold"
		}
		_, err := fmt.Fprintln(out, v.ID, said)
		return err
	})
}
