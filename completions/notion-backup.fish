# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_notion_backup_global_optspecs
    string join \n r/repo= json q/quiet v/verbose no-progress config= h/help V/version
end

function __fish_notion_backup_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_notion_backup_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_notion_backup_using_subcommand
    set -l cmd (__fish_notion_backup_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c notion-backup -n "__fish_notion_backup_needs_command" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_needs_command" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_needs_command" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -s h -l help -d 'Print help'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -s V -l version -d 'Print version'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "dump" -d 'Back up what the token may see'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "restore" -d 'Rebuild a snapshot in Notion, below a page'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "snapshots" -d 'List the snapshots of a repository, oldest first'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "ls" -d 'List what is in a snapshot'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "cat" -d 'Write a file of a snapshot to standard output'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "check" -d 'Check that the repository is sound'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "forget" -d 'Remove snapshots that are no longer needed, by a rule or by name'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "prune" -d 'Free the room of what no snapshot needs'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "unlock" -d 'Remove the locks that crashed commands have left'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "stats" -d 'Show how much is in the repository, and what each snapshot added'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "extract" -d 'Write a snapshot as plain files into a folder'
complete -c notion-backup -n "__fish_notion_backup_needs_command" -f -a "plakar" -d 'Be a connector of the backup program Plakar, or make a package of one'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l root -d 'Back up this page or database and what is below it, instead of everything shared with the token; can be repeated' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l recheck-after -d 'Read every page again after this many days, whether it seems changed or not [default: 30]' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l max-file-size -d 'Leave out attachments larger than this, e.g. 20M; the summary counts them' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l comments -d 'Which comments to read [default: pages]' -r -f -a "none\t'no comments'
pages\t'those on pages, one request a page'
blocks\t'those on every block too, one request a block'"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l max-shrink -d 'Save no snapshot, and exit with 22, when more than PERCENT of the previous one\'s pages are gone' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l tag -d 'Mark the snapshot with this word; can be repeated' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l deadline -d 'Stop after this time, e.g. 90m or 2h, with what was read saved; the next run continues' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l token -d 'The token itself [env: NOTION_API_TOKEN, then NOTION_TOKEN]' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l token-file -d 'Read the token from this file' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l token-command -d 'Run this shell command and read the token from its output, e.g. "pass show notion"' -r -f -a "(__fish_complete_command)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l api-url -d 'The address of the API [default: https://api.notion.com] [env: NOTION_API_URL]' -r -f
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l requests-per-minute -d 'Send no more requests a minute than this; without it, as many as Notion allows' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l jobs -d 'How many requests may be under way at once [default: 8]' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l full -d 'Read everything again, also what seems unchanged'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l existing -d 'Exit with 10 where there is no repository, instead of creating one'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l no-files -d 'Leave out attachments; pages keep their names and places'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand dump" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l root-id -d 'The page that everything goes below; it must be shared with the token\'s connection' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l only -d 'Restore only this page or database and what is below it: an id, a link or a path in the snapshot; can be repeated' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l from-dir -d 'Restore from this folder instead, as `extract` or `plakar restore` wrote it' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l deadline -d 'Stop after this time, e.g. 90m or 2h; --resume goes on' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l token -d 'The token itself [env: NOTION_API_TOKEN, then NOTION_TOKEN]' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l token-file -d 'Read the token from this file' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l token-command -d 'Run this shell command and read the token from its output, e.g. "pass show notion"' -r -f -a "(__fish_complete_command)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l api-url -d 'The address of the API [default: https://api.notion.com] [env: NOTION_API_URL]' -r -f
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l requests-per-minute -d 'Send no more requests a minute than this; without it, as many as Notion allows' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l jobs -d 'How many requests may be under way at once [default: 8]' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l dry-run -d 'Say what would be restored, and what cannot be; write nothing'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l resume -d 'Go on with the last unfinished restore into this page'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and not __fish_seen_subcommand_from undo" -a "undo" -d 'Put into the trash what a restore has made'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l token -d 'The token itself [env: NOTION_API_TOKEN, then NOTION_TOKEN]' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l token-file -d 'Read the token from this file' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l token-command -d 'Run this shell command and read the token from its output, e.g. "pass show notion"' -r -f -a "(__fish_complete_command)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l api-url -d 'The address of the API [default: https://api.notion.com] [env: NOTION_API_URL]' -r -f
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l requests-per-minute -d 'Send no more requests a minute than this; without it, as many as Notion allows' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l jobs -d 'How many requests may be under way at once [default: 8]' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand restore; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand snapshots" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand snapshots" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand snapshots" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand snapshots" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand snapshots" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand snapshots" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand snapshots" -s h -l help -d 'Print help'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand ls" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand ls" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand ls" -s R -l recursive -d 'List everything below as well'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand ls" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand ls" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand ls" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand ls" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand cat" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand cat" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand cat" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand cat" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand cat" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand cat" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand cat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -l read-data-subset -d 'Read a part only: a random share such as 5%, or 2/7 for the second of seven parts' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -l read-data -d 'Read every object too, and compare it with its hash: slower, and finds every damaged byte'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -l repair -d 'Save what can be saved of damaged snapshots, as new ones; best with --read-data'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l keep-last -d 'Keep the newest N; here and below, N may be `unlimited`' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l keep-hourly -d 'Keep the newest of each hour, for the last N hours that have any' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l keep-daily -d 'Keep the newest of each day, for the last N days that have any' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l keep-weekly -d 'Keep the newest of each week, for the last N weeks that have any' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l keep-monthly -d 'Keep the newest of each month, for the last N months that have any' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l keep-yearly -d 'Keep the newest of each year, for the last N years that have any' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l keep-within -d 'Keep all that are at most this much older than the newest, e.g. 30d or 1y6m (m: months)' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l keep-tag -d 'Keep all with this tag, or with all of several with commas between; can be repeated' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l tag -d 'Look only at snapshots with this tag, or with all of several; can be repeated' -r
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l group-by -d 'What makes snapshots count together [default: workspace,roots]' -r -f -a "workspace\t'the same workspace'
roots\t'the same --root options'
tags\t'the same tags'
host\t'made on the same machine'
none\t'nothing: all are counted together'"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -s n -l dry-run -d 'Show what would go, and remove nothing'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l prune -d 'Free the room at once, as `prune` does'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l unsafe-allow-remove-all -d 'Remove the last complete snapshot of a workspace too'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand prune" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand prune" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand prune" -s n -l dry-run -d 'Show what would be freed, and remove nothing'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand prune" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand prune" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand prune" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand prune" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand unlock" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand unlock" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand unlock" -l remove-all -d 'Remove all locks, also those of commands that may still be running'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand unlock" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand unlock" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand unlock" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand unlock" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand unlock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand stats" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand stats" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand stats" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand stats" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand stats" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand stats" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand stats" -s h -l help -d 'Print help'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand extract" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand extract" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand extract" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand extract" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand extract" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand extract" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand extract" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand plakar" -s r -l repo -d 'The folder of backups [env: NOTION_BACKUP_REPO]' -r -f -a "(__fish_complete_directories)"
complete -c notion-backup -n "__fish_notion_backup_using_subcommand plakar" -l config -d 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)' -r -F
complete -c notion-backup -n "__fish_notion_backup_using_subcommand plakar" -l json -d 'Write one JSON object a line on standard output, for programs'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand plakar" -s q -l quiet -d 'Write results, warnings and errors only'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand plakar" -s v -l verbose -d 'Tell more of what is done; up to three times'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand plakar" -l no-progress -d 'Do not show progress'
complete -c notion-backup -n "__fish_notion_backup_using_subcommand plakar" -s h -l help -d 'Print help (see more with \'--help\')'
