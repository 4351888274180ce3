package show

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"helpost/internal/api"
	"helpost/workflow"
)

func TestAnUnclearAnswerAndAnActAreToldInASentence(t *testing.T) {
	for what, want := range map[workflow.EventType]string{
		workflow.Extended: "the answer was not clear; the time to answer began anew",
		workflow.Acted:    "andi@company.com acted",
	} {
		e := api.Event{Type: string(what), Actor: "andi@company.com", Data: map[string]json.RawMessage{"why": json.RawMessage(`"unclear"`)}}
		if got := sentence(e, time.UTC); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q", what, got)
		}
	}
}

func TestAFieldIsToldInTheCompanysZoneAndAsItWasWritten(t *testing.T) {
	zone := time.FixedZone("WIB", 7*3600)
	for _, c := range []struct {
		what workflow.EventType
		data string
		want string
	}{
		{workflow.PausedEvent, `{"paused_until": "2026-01-30T07:00:00Z", "reason": "menunggu {level} suku cadang"}`, "paused it until 2026-01-30 14:00:00 WIB: menunggu {level} suku cadang"},
		{workflow.HandlingSet, `{"handling": {"how": "onsite", "when": "2026-01-13T03:00:00Z"}}`, "chose how it is handled: onsite, 2026-01-13 10:00:00 WIB"},
		{workflow.HandlingSet, `{"handling": {"how": "remote", "when": null}}`, "chose how it is handled: remote"},
		{workflow.WatchersSet, `{"watchers": ["a@company.com", "b@company.com"]}`, "set the watchers: a@company.com, b@company.com"},
		{workflow.Warned, `{"clock": "response"}`, "the response target was about to be missed"},
		{workflow.EscalatedBy, `{"level": 2, "why": "dispute"}`, "it was escalated to level 2 dispute"},
	} {
		e := api.Event{Type: string(c.what), Actor: "andi@company.com"}
		if err := json.Unmarshal([]byte(c.data), &e.Data); err != nil {
			t.Fatal(err)
		}
		if got := sentence(e, zone); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %q", c.what, got)
		}
	}
}
