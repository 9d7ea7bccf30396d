//go:build !amd64 || purego

package vec

import "testing"

func atEveryLevel(t *testing.T, do func(t *testing.T)) { t.Run("go", do) }

func atEveryLevelB(b *testing.B, do func(b *testing.B)) { b.Run("go", do) }
