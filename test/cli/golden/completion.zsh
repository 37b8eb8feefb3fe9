#compdef belt
# zsh completion for belt; made by: belt completion zsh
_belt() {
  local -a values shown
  local value description
  while IFS=$'\t' read -r value description; do
    values+=("$value")
    shown+=("$value${description:+  ($description)}")
  done < <(belt completion zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
  compadd -l -d shown -a values
}
# Read from a folder of fpath it is called as a function; else it has to be told to the shell.
if [[ ${funcstack[1]} == _belt ]]; then _belt "$@"; else compdef _belt belt; fi
