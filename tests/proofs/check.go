// Checks waterwall's notes and proofs with code that is not ours: Go's sumdb/note and sumdb/tlog.
//
// check VERIFIER-KEY PROOF...: each PROOF is the JSON that `waterwall prove` prints. Prints a line for each,
// exits with 1 at the first that does not hold.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proof struct {
	Type    string   `json:"proof_type"`
	Log     string   `json:"log"`
	Size    int64    `json:"size"`
	Root    string   `json:"root"`
	OldSize int64    `json:"old_size"`
	OldRoot string   `json:"old_root"`
	Index   int64    `json:"index"`
	Line    string   `json:"line"`
	Hashes  []string `json:"hashes"`
	Note    string   `json:"note"`
	OldNote *string  `json:"old_note"`
}

func main() {
	if len(os.Args) < 3 {
		fail("usage: check VERIFIER-KEY PROOF...")
	}
	verifier, err := note.NewVerifier(os.Args[1])
	if err != nil {
		fail("verifier key: %v", err)
	}
	for _, name := range os.Args[2:] {
		text, err := os.ReadFile(name)
		if err != nil {
			fail("%v", err)
		}
		var p proof
		if err := json.Unmarshal(text, &p); err != nil {
			fail("%s: %v", name, err)
		}
		if err := p.check(verifier); err != nil {
			fail("%s: %v", name, err)
		}
		fmt.Printf("OK: %s: %s in a tree of %d\n", name, p.Type, p.Size)
	}
}

func (p *proof) check(verifier note.Verifier) error {
	root, err := opened(p.Note, verifier, p.Log, p.Size)
	if err != nil {
		return err
	}
	if root != hash(p.Root) {
		return fmt.Errorf("the note has another root")
	}
	hashes := make([]tlog.Hash, len(p.Hashes))
	for i, text := range p.Hashes {
		hashes[i] = hash(text)
	}
	switch p.Type {
	case "inclusion":
		return tlog.CheckRecord(hashes, p.Size, root, p.Index, tlog.RecordHash([]byte(p.Line)))
	case "consistency":
		old := hash(p.OldRoot)
		if p.OldNote != nil {
			if noted, err := opened(*p.OldNote, verifier, p.Log, p.OldSize); err != nil || noted != old {
				return fmt.Errorf("the older note does not fit: %v", err)
			}
		}
		return tlog.CheckTree(hashes, p.Size, root, p.OldSize, old)
	}
	return fmt.Errorf("unknown proof_type %q", p.Type)
}

// opened checks a note's signature, origin and size, and returns its root.
func opened(text string, verifier note.Verifier, origin string, size int64) (tlog.Hash, error) {
	n, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tlog.Hash{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != origin || lines[1] != strconv.FormatInt(size, 10) {
		return tlog.Hash{}, fmt.Errorf("the note is of another tree")
	}
	return hash(lines[2]), nil
}

func hash(text string) tlog.Hash {
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(bytes) != tlog.HashSize {
		fail("%q is not a hash", text)
	}
	var hash tlog.Hash
	copy(hash[:], bytes)
	return hash
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "FAIL: "+format+"\n", arguments...)
	os.Exit(1)
}
