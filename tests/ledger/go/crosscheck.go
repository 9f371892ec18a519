// Command crosscheck lets Go's tlog and note packages judge what the ledger's c2sp profile makes.
//
// It reads one JSON question from standard input and writes one JSON answer to standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proof struct {
	Small, Large         int64 // leaf index or old size; tree size
	SmallHash, LargeHash tlog.Hash
	Hashes               []tlog.Hash
}

type question struct {
	Leaves      [][]byte
	Inclusion   []proof
	Consistency []proof
	Tiles       map[string][]byte
	VKey        string
	Notes       []string
}

type answer struct {
	Roots        []tlog.Hash   // of the first 1, 2, 3 ... leaves
	Inclusion    []bool        // does Go accept the proof
	Consistency  []bool        // does Go accept the proof
	ProveRecord  [][]tlog.Hash // what Go would have proved instead
	ProveTree    [][]tlog.Hash // what Go would have proved instead
	TilesProve   bool          // are all proofs of the last tree the same when read out of the tiles
	TileProblem  string
	NoteText     []string // empty if Go refuses the note
	NoteTreeSize []int64
}

type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

type tiles map[string][]byte

func (t tiles) Height() int                         { return 8 }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		// Go names the height in the path, C2SP does not.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, ok := t[path]
		if !ok {
			return nil, fmt.Errorf("no %s", path)
		}
		found = append(found, data)
	}
	return found, nil
}

func main() {
	var q question
	if err := json.NewDecoder(os.Stdin).Decode(&q); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(judge(q)); err != nil {
		os.Exit(1)
	}
}

func judge(q question) answer {
	var a answer
	var store storage
	for i, leaf := range q.Leaves {
		hashes, err := tlog.StoredHashes(int64(i), leaf, store)
		check(err)
		store = append(store, hashes...)
		root, err := tlog.TreeHash(int64(i+1), store)
		check(err)
		a.Roots = append(a.Roots, root)
	}
	for _, p := range q.Inclusion {
		a.Inclusion = append(a.Inclusion,
			tlog.CheckRecord(p.Hashes, p.Large, p.LargeHash, p.Small, p.SmallHash) == nil)
		own, err := tlog.ProveRecord(p.Large, p.Small, store)
		a.ProveRecord = append(a.ProveRecord, orNone(own, err))
	}
	for _, p := range q.Consistency {
		a.Consistency = append(a.Consistency,
			tlog.CheckTree(p.Hashes, p.Large, p.LargeHash, p.Small, p.SmallHash) == nil)
		own, err := tlog.ProveTree(p.Large, p.Small, store)
		a.ProveTree = append(a.ProveTree, orNone(own, err))
	}
	if n := int64(len(q.Leaves)); n > 0 && len(q.Tiles) > 0 {
		a.TilesProve = true
		tree := tlog.Tree{N: n, Hash: a.Roots[n-1]}
		reader := tlog.TileHashReader(tree, tiles(q.Tiles))
		for i := int64(0); i < n; i++ {
			own, err := tlog.ProveRecord(n, i, reader)
			if err == nil {
				err = tlog.CheckRecord(own, n, tree.Hash, i, tlog.RecordHash(q.Leaves[i]))
			}
			if err != nil {
				a.TilesProve, a.TileProblem = false, err.Error()
				break
			}
		}
	}
	for _, text := range q.Notes {
		verifier, err := note.NewVerifier(q.VKey)
		check(err)
		opened, err := note.Open([]byte(text), note.VerifierList(verifier))
		if err != nil {
			a.NoteText, a.NoteTreeSize = append(a.NoteText, ""), append(a.NoteTreeSize, -1)
			continue
		}
		a.NoteText = append(a.NoteText, opened.Text)
		lines := strings.Split(opened.Text, "\n")
		var size int64
		fmt.Sscan(lines[1], &size)
		a.NoteTreeSize = append(a.NoteTreeSize, size)
	}
	return a
}

func orNone(hashes []tlog.Hash, err error) []tlog.Hash {
	if err != nil || hashes == nil {
		return []tlog.Hash{}
	}
	return hashes
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
