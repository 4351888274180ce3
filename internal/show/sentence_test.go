package show

import (
	"encoding/json"
	"strings"
	"testing"

	"helpost/internal/api"
	"helpost/workflow"
)

func TestAnUnclearAnswerAndAnActAreToldInASentence(t *testing.T) {
	for what, want := range map[workflow.EventType]string{
		workflow.Extended: "the answer was not clear; the time to answer began anew",
		workflow.Acted:    "andi@company.com acted",
	} {
		e := api.Event{Type: string(what), Actor: "andi@company.com", Data: map[string]json.RawMessage{"why": json.RawMessage(`"unclear"`)}}
		if got := sentence(e); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q", what, got)
		}
	}
}
