# fish completion for ventral
function __ventral_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l cur (commandline -ct)
    for line in (command $program __complete $words "$cur" 2>/dev/null)
        if test "$line" = ":files"
            set -l stem (string match -r '^.*[=:,]' -- $cur)
            set -l rest (string replace -r '^.*[=:,]' '' -- $cur)
            for file in (__fish_complete_path "$rest")
                printf '%s\n' "$stem$file"
            end
        else
            printf '%s\n' "$line"
        end
    end
end
complete -c ventral -f -a '(__ventral_complete)'
