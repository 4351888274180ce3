package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// whatChanged says in one line in what two policies differ, by the names of their fields: "sla.P1.response: 15m → 10m".
func whatChanged(was, is []byte) string {
	if len(was) == 0 {
		return "first policy"
	}
	before, after := map[string]string{}, map[string]string{}
	flatten("", decode(was), before)
	flatten("", decode(is), after)
	var changes []string
	for name, v := range after {
		switch old, had := before[name]; {
		case !had:
			changes = append(changes, fmt.Sprintf("%s: %s added", name, v))
		case old != v:
			changes = append(changes, fmt.Sprintf("%s: %s → %s", name, old, v))
		}
	}
	for name, v := range before {
		if _, has := after[name]; !has {
			changes = append(changes, fmt.Sprintf("%s: %s removed", name, v))
		}
	}
	slices.Sort(changes)
	return strings.Join(changes, "; ")
}

func decode(raw []byte) any {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	return v
}

func flatten(name string, v any, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			flatten(strings.TrimPrefix(name+"."+k, "."), x, into)
		}
	case []any:
		for i, x := range v {
			flatten(fmt.Sprintf("%s[%d]", name, i), x, into)
		}
	default:
		into[name] = fmt.Sprint(v)
	}
}
