package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"helpost/internal/store"
	"helpost/internal/store/kv"
)

// The buckets. There are few, for each that a change touches costs it a page at least.
var (
	bucketMeta       = []byte("meta")       // schema, counts, sequences
	bucketPolicy     = []byte("policy")     // the policy in force
	bucketTickets    = []byte("tickets")    // a ticket's row, log and messages, side by side
	bucketRaw        = []byte("raw")        // raw mails by ticket and message
	bucketMails      = []byte("mails")      // mails taken by dedup key; the one random index
	bucketIndex      = []byte("index")      // tickets by state, address, assignee, due; traces by address and Message-ID
	bucketOutbox     = []byte("outbox")     // what is known of a mail to be sent
	bucketBodies     = []byte("bodies")     // what is to be sent
	bucketQuarantine = []byte("quarantine") // mails that became no ticket
	bucketTraces     = []byte("traces")     // what became of mails, by time
	bucketFacts      = []byte("facts")      // what the desk knows
	bucketSeals      = []byte("seals")      // the seals, and the heads that each lists

	// Their places are their numbers in the log of a store: new ones come last.
	buckets = []kv.Kind{
		{Name: bucketMeta}, {Name: bucketPolicy}, {Name: bucketTickets, Fill: fillTickets}, {Name: bucketRaw, Fill: fillAppended},
		{Name: bucketMails}, {Name: bucketIndex}, {Name: bucketOutbox, Fill: fillAppended}, {Name: bucketBodies, Fill: fillAppended},
		{Name: bucketQuarantine}, {Name: bucketTraces, Fill: fillAppended}, {Name: bucketFacts}, {Name: bucketSeals, Fill: fillAppended},
	}
)

// How full a page is left when it splits. Rows that only ever come at the end leave it full.
const (
	fillAppended = 1.0
	fillTickets  = 0.8 // tickets grow a little after their neighbours came
)

var (
	metaSchema = []byte("schema")
	metaCounts = []byte("counts")
	metaSeq    = []byte("seq/") // and the name of a sequence
	policyKey  = []byte("policy")
)

// A migration brings the schema from one version to the next, in one transaction.
type migration func(*bbolt.Tx) error

// migrations lead from schema 1 to the one that this helpost writes: the first from 1 to 2, and so on.
var migrations = []migration{addSeals, blockTraces, addLog}

// blockTraces brings schema 2 to 3, which has the traces of a Message-ID in blocks of the index (traces.go). Those from before
// stay where they are.
func blockTraces(*bbolt.Tx) error { return nil }

// addLog brings schema 3 to 4, which has a log before the file (package kv): an older helpost would not look into it.
func addLog(*bbolt.Tx) error { return nil }

// migrate makes a new store, or brings an older one to the schema after all steps, each step in a transaction of its own.
func migrate(db *bbolt.DB, steps []migration) error {
	newest := uint64(len(steps)) + 1
	for {
		var have uint64
		err := db.View(func(tx *bbolt.Tx) (err error) { have, err = schemaOf(tx); return err })
		switch {
		case err != nil:
			return err
		case have == newest:
			return nil
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			if have == 0 {
				return create(tx, newest)
			}
			if err := steps[have-1](tx); err != nil {
				return fmt.Errorf("from schema %d to %d: %w", have, have+1, err)
			}
			return setSchema(tx, have+1)
		})
		if err != nil {
			return err
		}
	}
}

// known says why a file is not one that a helpost with these steps can open.
func known(tx *bbolt.Tx, steps []migration) error {
	have, err := schemaOf(tx)
	if newest := uint64(len(steps)) + 1; err == nil && have > newest {
		err = fmt.Errorf("%w: schema %d, this one knows %d", store.ErrNewer, have, newest)
	}
	return err
}

// outdated says whether steps are to be taken.
func outdated(tx *kv.Tx, steps []migration) bool {
	meta := tx.Bucket(bucketMeta)
	return meta == nil || !bytes.Equal(meta.Get(metaSchema), be64(uint64(len(steps))+1))
}

// schemaOf is the version of the schema, 0 of an empty file.
func schemaOf(tx *bbolt.Tx) (uint64, error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		if name, _ := tx.Cursor().First(); name != nil {
			return 0, fmt.Errorf("it is a bbolt file, but no store of helpost")
		}
		return 0, nil
	}
	v := meta.Get(metaSchema)
	if len(v) != 8 {
		return 0, fmt.Errorf("its schema version has %d bytes instead of 8", len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}

func setSchema(tx *bbolt.Tx, v uint64) error {
	return tx.Bucket(bucketMeta).Put(metaSchema, be64(v))
}

func create(tx *bbolt.Tx, version uint64) error {
	for _, k := range buckets {
		if _, err := tx.CreateBucket(k.Name); err != nil {
			return fmt.Errorf("bucket %s: %w", k.Name, err)
		}
	}
	return setSchema(tx, version)
}
