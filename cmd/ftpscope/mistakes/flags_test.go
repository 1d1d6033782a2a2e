package mistakes

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlag(t *testing.T) {
	tests := []struct{ name, command, flag, want string }{
		{"listening", "analyze", "i", "sniff listens on interfaces: sudo ftpscope sniff -i INTERFACE"},
		{"the same in words", "carve", "interface", "sniff listens on interfaces: sudo ftpscope sniff -i INTERFACE"},
		{"a file for sniff", "sniff", "r", "analyze reads files: ftpscope analyze FILE"},
		{"two files for compare", "compare", "r", "the two sides are arguments: ftpscope compare CLIENT-SIDE SERVER-SIDE"},
		{"no names", "sniff", "n", "leave it out: names are never looked up"},
		{"part of a name is no name", "analyze", "inter", ""},
		{"nothing", "analyze", "", ""},
		{"unknown", "analyze", "nonsense", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, Flag(test.command, test.flag)) })
	}
}
