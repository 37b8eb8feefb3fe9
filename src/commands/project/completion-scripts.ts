/** What each shell reads to complete belt's command lines. All of them ask belt, so that they know the names of today. */

const bash = [
  '# bash completion for belt; made by: belt completion bash',
  '_belt() {',
  '  local reply',
  '  COMPREPLY=()',
  '  while IFS= read -r reply; do',
  '    COMPREPLY+=("$reply")',
  '  done < <(belt completion bash -- "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)',
  '}',
  'complete -F _belt belt',
];

const zsh = [
  '#compdef belt',
  '# zsh completion for belt; made by: belt completion zsh',
  '_belt() {',
  '  local -a values shown',
  '  local value description',
  "  while IFS=$'\\t' read -r value description; do",
  '    values+=("$value")',
  '    shown+=("$value${description:+  ($description)}")',
  '  done < <(belt completion zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)',
  '  compadd -l -d shown -a values',
  '}',
  '# Read from a folder of fpath it is called as a function; else it has to be told to the shell.',
  'if [[ ${funcstack[1]} == _belt ]]; then _belt "$@"; else compdef _belt belt; fi',
];

const fish = [
  '# fish completion for belt; made by: belt completion fish',
  'function __belt_complete',
  '    set -l words (commandline -opc)',
  '    set -l word (commandline -ct)',
  '    belt completion fish -- $words[2..-1] "$word" 2>/dev/null',
  'end',
  "complete -c belt -f -a '(__belt_complete)'",
];

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

export const SCRIPTS = { bash: text(bash), zsh: text(zsh), fish: text(fish) } as const;
