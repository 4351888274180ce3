package store

import (
	"testing"

	"helpost/internal/jot/jottest"
)

func TestRowsAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	jottest.Hold(t, (*Message).AppendJSON)
	jottest.Hold(t, (*Seen).AppendJSON)
	jottest.Hold(t, (*Trace).AppendJSON)
	jottest.Hold(t, (*Outbox).AppendJSON)
}
