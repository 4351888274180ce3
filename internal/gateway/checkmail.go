package gateway

import (
	"context"
	"strings"

	"helpost/internal/mailauth"
	"helpost/internal/store"
	"helpost/workflow"
)

// checked says whether a mail is one of `helpost check --send`, and the Message-ID that it was sent under. It moves nothing:
// whoever sent it asks what we made of its sender, and is told by its trace.
func (g *Gateway) checked(r Read) (messageID string, ok bool) {
	for _, f := range r.Said.Fields {
		if strings.EqualFold(f.Name, mailauth.CheckField) {
			return g.Tokens.Checked(f.Value, g.Clock())
		}
	}
	return "", false
}

func (g *Gateway) answerCheck(ctx context.Context, r Read, messageID string) (Passed, error) {
	err := g.commit(ctx, store.Change{Traces: []store.Trace{{
		At: workflow.Moment(g.Clock()), ID: r.Trace, MessageID: messageID, From: r.Said.From.Address, To: strings.Join(r.Rcpt, ", "),
		Outcome: mailauth.CheckOutcome, Detail: mailauth.CheckResult{Proof: r.Proof, Trusted: r.Trusted}.String(),
	}}})
	return Passed{Outcome: mailauth.CheckOutcome}, err
}
