# bash completion for ventral (bash 4 or later)
_ventral() {
    local line=${COMP_LINE:0:COMP_POINT} words=() cur stem head tail word file files
    read -a words <<<"$line" # as typed: COMP_WORDS is broken at = and :
    [[ $line == *[[:space:]] ]] && words+=("")
    cur=${words[-1]}
    stem=${cur%"${cur##*[=:]}"} # what bash keeps
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [[ $word == :files ]]; then
            tail=${cur##*[=:,]} head=${cur%"${cur##*[=:,]}"}
            mapfile -t files < <(compgen -f -- "$tail")
            for file in "${files[@]}"; do
                [[ -d $file ]] && file+=/
                COMPREPLY+=("${head#"$stem"}$(printf %q "$file")")
            done
        else
            COMPREPLY+=("${word#"$stem"}")
        fi
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} == 1 && $COMPREPLY == *[:=/,] ]] && compopt -o nospace
    return 0
}
complete -F _ventral ventral
