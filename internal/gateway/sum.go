package gateway

import (
	"maps"

	"helpost/internal/sop"
	"helpost/internal/store"
	"helpost/workflow"
)

// summed puts the digest of a message into the event that brought it, so that the record proves the message too.
func summed(e *workflow.Event, n sop.Number, m store.Message) error {
	if m.Ticket == 0 || m.Ticket != n || messageOf(e) != m.Seq {
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

// messageOf is the message that an event brought, 0 where it brought none.
func messageOf(e *workflow.Event) int {
	switch e.Type {
	case workflow.Created:
		return 1
	case workflow.MessageCame:
		n, _ := e.Info["message"].(int)
		return n
	}
	return 0
}
