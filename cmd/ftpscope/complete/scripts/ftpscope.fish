# fish completion for ftpscope: the program itself says how the line may go on.
function __ftpscope_answer
    set -l words (commandline -opc) (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    $program completion --words -- $words[2..] 2>/dev/null
end
function __ftpscope_words
    set -l answer (__ftpscope_answer)
    string join \n -- $answer[2..]
    if test "$answer[1]" = captures
        __fish_complete_path (commandline -ct) | string match -rie '^[^\t]*(/|\.(pcap|pcapng|cap|snoop|zip|gz|zst|xz|bz2|lz4)[0-9]*)(\t|$)'
    else if test "$answer[1]" = folders
        __fish_complete_directories (commandline -ct)
    end
end
complete -c ftpscope -f -a '(__ftpscope_words)'
complete -c ftpscope -F -n 'test (__ftpscope_answer)[1] = any'
