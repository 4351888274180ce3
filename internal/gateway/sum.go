package gateway

import (
	"maps"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// summed puts the digest of a message into the event that brought it, so that the record proves the message too.
func summed(e *workflow.Event, n sop.Number, m store.Message) error {
	if m.Ticket == 0 || m.Ticket != n || e.Message() != m.Seq {
		return nil
	}
	sum, err := m.Sum()
	if err != nil {
		return err
	}
	said := map[string]any{}
	maps.Copy(said, e.Said)
	said[store.SumKey] = sum
	e.Said = said
	return nil
}
