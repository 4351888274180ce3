package thread

import (
	"os"
	"strings"
	"testing"
)

// The page shows the table that the code decides by.
func TestPageShowsTheTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/threading.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- table -->\n")
	shown, _, found := strings.Cut(rest, "<!-- /table -->")
	if !found || shown != Table() {
		t.Errorf("docs/threading.md shows another table; it must be\n%s", Table())
	}
}
