/**
 * The scripts of the shells. All of them ask `ssm __complete` (`run.ts`) what fits, with the words
 * up to the cursor.
 *
 * @module
 */

import type { CompletionShell } from "../completion.ts";

/**
 * The script for a shell.
 * @param shell Which.
 */
export function completionScript(shell: CompletionShell): string {
  return scripts[shell];
}

/** A script; what JavaScript would fill in stands with another sign in it. */
function script({ raw }: TemplateStringsArray): string {
  return raw.join("").replaceAll("§{", "${");
}

/**
 * bash splits words at `=`, `:` and `@` too (COMP_WORDBREAKS), and replaces only what is behind the
 * last of them; both are put right here. Runs with bash 3.2, which macOS has.
 */
const bash = script`# bash completion for ssm: eval "$(ssm completion bash)"

_ssm() {
    local rest=§{COMP_LINE:0:COMP_POINT} word i glued directive='' line
    local program=§{COMP_WORDS[0]/#\~/$HOME}
    local -a words=()
    type -P -- "$program" >/dev/null || program=ssm
    rest=§{rest#*"§{COMP_WORDS[0]}"}
    for ((i = 1; i <= COMP_CWORD; i++)); do
        glued=1
        while [[ $rest == [[:space:]]* ]]; do
            glued=
            rest=§{rest#?}
        done
        word=§{COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then word=$rest; fi
        rest=§{rest#"$word"}
        word=§{word//[\"\'\\]/}
        if [[ -n $glued && §{#words[@]} -gt 0 ]]; then
            words[§{#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
    done
    local current=§{words[§{#words[@]} - 1]}
    local kept=§{current%"§{current##*[=:@]}"}
    # An @ belongs to what readline replaces.
    kept=§{kept%@}
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ -z $directive ]]; then
            directive=$line
            continue
        fi
        line=§{line%%$'\t'*}
        line=§{line#"$kept"}
        if [[ $line == *[^[:alnum:]_@%+=:,./-]* ]]; then
            printf -v line '%q' "$line"
        fi
        COMPREPLY+=("$line")
    done < <("$program" __complete "§{words[@]}" 2>/dev/null)
    case $directive in
        files*)
            while IFS= read -r line; do
                COMPREPLY+=("$line")
            done < <(compgen -f -- "§{current#"$kept"}")
            compopt -o filenames 2>/dev/null
            ;;
        folders*)
            while IFS= read -r line; do
                COMPREPLY+=("$line")
            done < <(compgen -d -- "§{current#"$kept"}")
            compopt -o filenames 2>/dev/null
            ;;
    esac
    case $directive in
        *goes-on) compopt -o nospace 2>/dev/null ;;
    esac
    # The order is ours: what was used last comes first.
    compopt -o nosort 2>/dev/null
    return 0
}

complete -F _ssm ssm
`;

const zsh = script`#compdef ssm
# zsh completion for ssm: source <(ssm completion zsh), or a file _ssm in $fpath

_ssm() {
    local -a answer values
    local directive line value program=§{(Q)words[1]}
    # An alias is none in a function.
    whence -p -- "$program" >/dev/null || program=ssm
    answer=("§{(@f)$("$program" __complete "§{(@Q)words[2,CURRENT-1]}" "§{(Q)PREFIX}" 2>/dev/null)}")
    directive=§{answer[1]}
    for line in "§{(@)answer[2,-1]}"; do
        value=§{§{line%%$'\t'*}//:/\\:}
        if [[ $line == *$'\t'* ]]; then
            value+=":§{line#*$'\t'}"
        fi
        values+=("$value")
    done
    local -a options
    if [[ $directive == *goes-on ]]; then options=(-S ''); fi
    if (( §{#values} )); then
        _describe -V ssm values "§{options[@]}"
    fi
    case $directive in
        files*) _files ;;
        folders*) _files -/ ;;
    esac
}

if [[ §{funcstack[1]} == _ssm ]]; then
    _ssm "$@"
else
    compdef _ssm ssm
fi
`;

const fish =
  script`# fish completion for ssm: ~/.config/fish/completions/ssm.fish

function __ssm_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct | string unescape)
    set -l answer ($program __complete $words "$current" 2>/dev/null)
    set -l directive $answer[1]
    set -e answer[1]
    printf '%s\n' $answer
    switch "$directive"
        case 'files*'
            __fish_complete_path "$current"
        case 'folders*'
            __fish_complete_directories "$current" ''
    end
end

complete -c ssm -f -k -a '(__ssm_complete)'
`;

/** Before PowerShell 7.3 an empty argument did not reach programs: hence the second name. */
const powershell = script`# PowerShell completion for ssm:
#   ssm completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName ssm -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $program = $commandAst.CommandElements[0].ToString()
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
            else { $_.ToString() }
        })
    if ($wordToComplete -eq '') { $answer = @(& $program __complete_next @words 2>$null) }
    else { $answer = @(& $program __complete @words 2>$null) }
    # Nothing at all has PowerShell complete files.
    $answer | Select-Object -Skip 1 | ForEach-Object {
        $value, $about = $_ -split [char]9, 2
        if (-not $about) { $about = $value }
        $text = $value
        if ($text -match '[^\w%+=:./\\-]') { $text = "'" + $text.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
    }
}
`;

const scripts: Readonly<Record<CompletionShell, string>> = {
  bash,
  zsh,
  fish,
  powershell,
};
