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
 * readline puts what fits behind the last `=`, `:` or `@` of the word (COMP_WORDBREAKS) or
 * behind the quote that is open there: each word is written for that place. Names of nodes
 * are foreign text. Runs with bash 3.2, which macOS has; that has no `compopt`.
 */
const bash = script`# bash completion for ssm: eval "$(ssm completion bash)"

# Adds a word, written as readline is to insert it. Left out is what readline or the
# shell would not take as it is.
_ssm_add() {
    local word=$1 typed='' i char
    if [[ $word != "$head"* ]]; then return; fi
    word=§{word:§{#head}}
    if [[ $word == *[^[:print:]]* ]]; then return; fi
    # History goes on inside of "…"; behind such an end readline closes no quotes.
    if [[ $quote == \" && $word == *!* ]]; then return; fi
    if [[ -n $quote && $word == *"$quote" ]]; then return; fi
    if [[ $word == *[^[:alnum:]_@%+=:,./-]* ]]; then plain=''; fi
    if [[ -n $quote && $word == *[\'\"\\\$\`]* ]]; then
        for ((i = 0; i < §{#word}; i++)); do
            char=§{word:i:1}
            case $quote$char in
                \"[\"\\\$\`]) typed+=\\$char ;;
                \'\') typed+="'\\''" ;;
                *) typed+=$char ;;
            esac
        done
    elif [[ -z $quote && -z $plain ]]; then
        printf -v typed '%q' "$word"
        # Means nothing inside of other quotes.
        if [[ $typed == "$'"* ]]; then return; fi
        if [[ §{2-} == file && $typed == \\~/* ]]; then typed=§{typed:1}; fi
    else
        typed=$word
    fi
    COMPREPLY+=("$typed")
}

_ssm() {
    local rest=§{COMP_LINE:0:COMP_POINT} i char line directive='' plain=1
    local program=§{COMP_WORDS[0]/#\~/$HOME}
    # The word so far, what of it readline keeps, and the quote that is open.
    local word='' head='' before='' quote='' begun=''
    local -a words=()
    COMPREPLY=()
    type -P -- "$program" >/dev/null || program=ssm
    rest=§{rest#*"§{COMP_WORDS[0]}"}
    for ((i = 0; i < §{#rest}; i++)); do
        char=§{rest:i:1}
        case $quote$char in
            [[:space:]])
                if [[ -n $begun ]]; then words+=("$word"); fi
                word='' head='' begun=''
                continue
                ;;
            \\ | \"\\)
                if [[ -z $quote || §{rest:i+1:1} == [\"\\\$\`] ]]; then
                    ((i += 1))
                    char=§{rest:i:1}
                fi
                word+=$char
                ;;
            \" | \') quote=$char before=$head head=$word ;;
            \"\" | \'\') quote='' head=$before ;;
            # Within a command in a command, quotes are others than readline knows.
            \` | \"\` | \() return 0 ;;
            \"\()
                if [[ $word == *\$ ]]; then return 0; fi
                word+=$char
                ;;
            [=:@])
                # An @ belongs to what readline replaces.
                if [[ $char == @ && $COMP_WORDBREAKS == *@* ]]; then head=$word; fi
                word+=$char
                if [[ $char != @ && $COMP_WORDBREAKS == *"$char"* ]]; then head=$word; fi
                ;;
            *) word+=$char ;;
        esac
        begun=1
    done
    # $'…' has rules of its own.
    if [[ -n $quote && $head == *\$ ]]; then return 0; fi
    words+=("$word")
    while IFS= read -r line; do
        if [[ -z $directive ]]; then
            directive=$line
            continue
        fi
        _ssm_add "§{line%%$'\t'*}"
    done < <("$program" __complete "§{words[@]}" 2>/dev/null)
    case $directive in
        files*) char=-f ;;
        folders*) char=-d ;;
        *) char='' ;;
    esac
    if [[ -n $char ]]; then
        while IFS= read -r line; do
            if [[ -d §{line/#\~\//$HOME/} ]]; then line+=/; fi
            _ssm_add "$head$line" file
        done < <(compgen "$char" -- "§{word:§{#head}}")
        # Shows the last part alone, but its quotes are not to be had on top of ours.
        if [[ -n $plain ]]; then compopt -o filenames 2>/dev/null; fi
    fi
    if [[ $directive == *goes-on || §{#COMPREPLY[@]} == 1 && §{COMPREPLY[0]} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
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
        # ' and the quotation marks that PowerShell takes for it.
        if ($text -match '[^\w%+=:./\\-]') {
            $text = "'" + ($text -replace '[\u0027\u2018-\u201B]', '$0$0') + "'"
        }
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
