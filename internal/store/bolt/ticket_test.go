package bolt

import (
	"testing"

	"helpost/internal/jot/jottest"
	"helpost/workflow"
)

func TestTicketsAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	jottest.Hold(t, func(v *workflow.Ticket, b []byte) ([]byte, error) { return appendTicket(b, v) })
}
