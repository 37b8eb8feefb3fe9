# fish completion for belt; made by: belt completion fish
function __belt_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    belt completion fish -- $words[2..-1] "$word" 2>/dev/null
end
complete -c belt -f -a '(__belt_complete)'
