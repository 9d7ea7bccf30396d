package train

import (
	"bufio"
	"fmt"
	"os"

	"github.com/inklingdb/inkling/engine/model"
)

// assumedMemory is how much a training may take where the machine does not tell what it has: 64 GiB.
const assumedMemory = 64 << 30

// checkMemory returns ErrOptions where a training would take more than three quarters of the machine's memory: the
// settings come from clients, and a process that runs out of memory is killed with all it serves.
func (o Options) checkMemory(d Data) error {
	family, err := model.FamilyByName(o.Family)
	if err != nil {
		return nil // told elsewhere
	}
	need, limit := o.memory(family, d), MemoryLimit()
	if need <= limit {
		return nil
	}
	return fmt.Errorf("train: %w: %s of dimension %d with batch %d takes about %.1f GB, more than the %.1f GB that a training may take here: lower them, or choose a loss that samples",
		ErrOptions, family.Title, o.Dim, o.Batch, need/1e9, limit/1e9)
}

// MemoryLimit returns the bytes that a training may take: three quarters of the machine's memory.
func MemoryLimit() float64 { return 0.75 * machineMemory() }

// memory estimates the bytes that a training takes.
func (o Options) memory(f model.Family, d Data) float64 {
	const float = 4
	entityWidth, relationWidth := f.Interaction.Width(o.Dim)
	relations := float64(d.Vocabulary.Relations())
	if !o.NoReciprocal {
		relations *= 2
	}
	tables := float64(d.entities())*float64(entityWidth) + relations*float64(relationWidth)
	copies, batch := 3.0, float64(o.Batch) // the rows, Adagrad's sums and the best so far
	if o.Optimiser == Adam {
		copies++
	}
	wide := 0.0
	switch kind, _ := o.Loss.kind(); {
	case kind == dense:
		wide = batch * float64(d.entities())
	default:
		wide = 4 * batch * float64(o.Negatives)
	}
	return float * (copies*tables + wide + 10*batch*float64(entityWidth))
}

// machineMemory returns the bytes of memory that the machine has.
func machineMemory() float64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return assumedMemory
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kilobytes float64
		if n, _ := fmt.Sscanf(lines.Text(), "MemTotal: %f kB", &kilobytes); n == 1 && kilobytes > 0 {
			return kilobytes * 1024
		}
	}
	return assumedMemory
}
