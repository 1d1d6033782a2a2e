# bash completion for ftpscope: the program itself says how the line may go on.
_ftpscope() {
	local program=${1/#\~/$HOME} i word kind candidate cur words=()
	# bash breaks words at = and :, which are glued together again
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((${#words[@]})) && [[ $word == [=:]* || ${words[-1]} == *[=:] ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	cur=${COMP_WORDS[COMP_CWORD]}
	[[ $cur == [=:] ]] && cur=
	local ahead=${words[-1]%"$cur"}
	COMPREPLY=()
	{
		read -r kind
		while IFS=$'\t' read -r candidate _; do
			COMPREPLY+=("${candidate#"$ahead"}")
		done
	} < <("$program" completion --words -- "${words[@]}" 2>/dev/null)
	case $kind in
	captures)
		compopt -o filenames
		while IFS= read -r candidate; do
			if [[ -d ${candidate/#\~/$HOME} || ${candidate,,} =~ \.(pcap|pcapng|cap|snoop|zip|gz|zst|xz|bz2|lz4)[0-9]*$ ]]; then
				COMPREPLY+=("$candidate")
			fi
		done < <(compgen -f -- "$cur")
		;;
	any)
		compopt -o filenames
		while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$cur")
		;;
	folders)
		compopt -o filenames
		while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -d -- "$cur")
		;;
	esac
}
complete -F _ftpscope ftpscope
