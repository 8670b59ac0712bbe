// `squall-loadgen completion bash`.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "report/exit_code.hpp"

namespace squall::loadgen {
namespace {

constexpr std::string_view kBash =
    R"(# bash completion for squall-loadgen; use it with: source <(squall-loadgen completion bash)
_squall_loadgen() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" command="" word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$word" in run|replay|inspect|validate|list|completion|serve-arena) command="$word"; break ;; esac
    done
    local options="--help"
    case "$previous" in
        --out) COMPREPLY=($(compgen -d -- "$current")); return ;;
        --key-file|--record|--csv|--json|--sqlite|--perfetto) COMPREPLY=($(compgen -f -- "$current")); return ;;
        --suite) COMPREPLY=($(compgen -W "netcode aes256-gcm signed none" -- "$current")); return ;;
        --by) COMPREPLY=($(compgen -W "remote connection second" -- "$current")); return ;;
        --direction) COMPREPLY=($(compgen -W "in out" -- "$current")); return ;;
        --target) COMPREPLY=($(compgen -W "arena" -- "$current")); return ;;
        --flight-recorder|--from|--to|--connection|--client|--speed|--copies|--until|--threshold|--seed|--duration|--set|--bind|--public-address|--key-env|--tick-rate|--snapshot-rate|--players-in-view|--expected-players|--max-clients|--protocol-id) return ;;
    esac
    case "$command" in
        "") COMPREPLY=($(compgen -W "run replay inspect validate list completion serve-arena --help --version" -- "$current")); return ;;
        run) options="--virtual --seed --duration --set --out --record --record-keys --no-payload --anonymize --durable --flight-recorder --quiet --help" ;;
        replay) options="--verify --step --target --key-file --key-env --speed --copies --until --threshold --control --set --virtual --out --quiet --help" ;;
        inspect) options="--by --from --to --connection --client --direction --csv --json --sqlite --perfetto --help" ;;
        list) options="behaviours executors metrics scenarios --help" ;;
        completion) options="bash --help" ;;
        serve-arena) options="--bind --public-address --key-file --key-env --key-stdin --stats --record --record-keys --no-payload --anonymize --durable --flight-recorder --tick-rate --snapshot-rate --players-in-view --expected-players --max-clients --protocol-id --suite --help" ;;
    esac
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    case "$command" in
        replay|inspect) [[ "$current" == -* ]] || COMPREPLY+=($(compgen -f -- "$current")) ;;
        run|validate) [[ "$current" == -* ]] || COMPREPLY+=($(compgen -f -X '!*.toml' -- "$current") $(compgen -d -S / -- "$current")) ;;
    esac
}
complete -o nospace -F _squall_loadgen squall-loadgen
)";

}  // namespace

int completion_command() {
    fmt::print("{}", kBash);
    return 0;
}

int serve_command(const ServeOptions& options) {
    const auto served = serve_arena(options);
    if (served) return 0;
    fmt::print(stderr, "{}\n", served.error().message);
    return static_cast<int>(ExitCode::bad_input);
}

}  // namespace squall::loadgen
