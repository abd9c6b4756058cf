#compdef ventral
# zsh completion for ventral
_ventral() {
    local line word files=
    local -a closed closed_words open open_words
    for line in "${(@f)$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        word=${line%%$'\t'*}
        case $word in
        "") ;;
        :files) files=yes ;;
        *[:=/,]) open+=("$word") open_words+=("${line//$'\t'/  -- }") ;;
        *) closed+=("$word") closed_words+=("${line//$'\t'/  -- }") ;;
        esac
    done
    (( $#closed )) && compadd -l -d closed_words -a closed
    (( $#open )) && compadd -S '' -l -d open_words -a open
    if [[ -n $files ]]; then
        compset -P '*[=:,]'
        _files
    fi
    return 0
}
if [[ $funcstack[1] == _ventral ]]; then
    _ventral "$@"
else
    compdef _ventral ventral
fi
