// Command helpost is an email-first helpdesk. Its verbs parse flags, wire the parts and exit; they hold no logic of
// their own. One file a verb.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit statuses of the command line.
const (
	exitOK     exitStatus = 0
	exitFailed exitStatus = 1
	exitUsage  exitStatus = 2  // usage or configuration
	exitRetry  exitStatus = 75 // take: try again (EX_TEMPFAIL of sysexits)
)

// exitStatus is an error that only says how to exit: what was wrong has been told already.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is a mistake in the arguments or the configuration: told, and exit 2.
type usageError struct{ error }

// verb is what each verb is: it reads stdin, writes out and errOut, and returns an exitStatus, a usageError or a failure.
type verb interface {
	Run(ctx context.Context, in io.Reader, out, errOut io.Writer) error
}

// commandLine has one field a verb.
type commandLine struct {
	Serve   serveVerb   `cmd:"" help:"Run the gateway."`
	Demo    demoVerb    `cmd:"" help:"Play a helpdesk's day against itself; needs no configuration."`
	Init    initVerb    `cmd:"" help:"Make a commented configuration, a secret and a DKIM key; say what to publish in DNS."`
	Check   checkVerb   `cmd:"" help:"Say whether the configuration and what it relies on are sound."`
	Take    takeVerb    `cmd:"" help:"Hand one mail on standard input to the running daemon."`
	Explain explainVerb `cmd:"" help:"Show what is read in a mail."`

	Ticket     ticketVerb     `cmd:"" help:"List, show and export tickets."`
	Report     reportVerb     `cmd:"" help:"Count: how targets were kept, how many tickets there were."`
	Queue      queueVerb      `cmd:"" help:"Show and move the mail that waits to be sent."`
	Quarantine quarantineVerb `cmd:"" help:"Show and release the mails that were taken and are no tickets."`
	Notices    noticesVerb    `cmd:"" help:"Render every notice into a folder, for who writes a template."`
	Trace      traceVerb      `cmd:"" help:"Say what became of a mail."`

	Verify  verifyVerb  `cmd:"" help:"Prove that everything kept is what it was."`
	Backup  backupVerb  `cmd:"" help:"Write the store and its files into one file, also while the daemon runs."`
	Restore restoreVerb `cmd:"" help:"Bring a backup back to where there are no tickets."`
	Compact compactVerb `cmd:"" help:"Give back the room of what is gone."`
	Person  personVerb  `cmd:"" help:"Show or erase all that is kept of a person."`

	Health healthVerb `cmd:"" hidden:"" help:"Ask the running daemon whether it is well."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(int(status))
}

// run is main without the process around it.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) exitStatus {
	var line commandLine
	helped := false
	k, err := kong.New(&line, kong.Name("helpost"), kong.Description("An email-first helpdesk."), kong.Writers(out, errOut),
		kong.Exit(func(int) { helped = true }))
	if err != nil {
		fmt.Fprintln(errOut, "helpost:", err)
		return exitFailed
	}
	parsed, err := k.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(errOut, "helpost:", err)
		fmt.Fprintln(errOut, "verbs:", strings.Join(verbs(k), " "))
		return exitUsage
	}
	chosen, ok := parsed.Selected().Target.Addr().Interface().(verb)
	if !ok {
		fmt.Fprintln(errOut, "helpost: no such verb")
		return exitUsage
	}
	return told(chosen.Run(ctx, in, out, errOut), errOut)
}

// verbs names the verbs, those that only machines call left out.
func verbs(k *kong.Kong) []string {
	var names []string
	for _, node := range k.Model.Children {
		if !node.Hidden {
			names = append(names, node.Name)
		}
	}
	return names
}

// told says what went wrong, where it has not been said already, and gives the status to exit with.
func told(err error, errOut io.Writer) exitStatus {
	var status exitStatus
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return status
	case errors.As(err, &usage):
		fmt.Fprintln(errOut, "helpost:", err)
		return exitUsage
	}
	fmt.Fprintln(errOut, "helpost:", err)
	return exitFailed
}
