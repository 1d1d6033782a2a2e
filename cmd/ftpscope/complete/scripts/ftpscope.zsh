#compdef ftpscope
# zsh completion for ftpscope: the program itself says how the line may go on.
_ftpscope() {
	local line kind text
	local -a answer list
	answer=("${(@f)$(${(Q)words[1]/#\~/$HOME} completion --words -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
	kind=$answer[1]
	for line in "${(@)answer[2,-1]}"; do
		[[ -n $line ]] || continue
		text=${line%%$'\t'*}
		list+=("${text//:/\\:}:${line#*$'\t'}")
	done
	local found=1
	(($#list)) && _describe -t ftpscope 'ftpscope' list && found=0
	case $kind in
	captures)
		_files -g '*.(#i)(pcap|pcapng|cap|snoop|zip|gz|zst|xz|bz2|lz4)[0-9]#(-.)' && found=0
		;;
	any)
		compset -P '*='
		_files && found=0
		;;
	folders)
		compset -P '*='
		_files -/ && found=0
		;;
	esac
	return found
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
	_ftpscope "$@"
else
	compdef _ftpscope ftpscope
fi
