
use builtin;
use str;

set edit:completion:arg-completer[notion-backup] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'notion-backup'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'notion-backup'= {
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand dump 'Back up what the token may see'
            cand snapshots 'List the snapshots of a repository, oldest first'
            cand ls 'List what is in a snapshot'
            cand cat 'Write a file of a snapshot to standard output'
            cand check 'Check that the repository is sound'
            cand forget 'Remove snapshots that are no longer needed, by a rule or by name'
            cand prune 'Free the room of what no snapshot needs'
            cand unlock 'Remove the locks that crashed commands have left'
            cand stats 'Show how much is in the repository, and what each snapshot added'
            cand extract 'Write a snapshot as plain files into a folder'
        }
        &'notion-backup;dump'= {
            cand --root 'Back up this page or database and what is below it, instead of everything shared with the token; can be repeated'
            cand --recheck-after 'Read every page again after this many days, whether it seems changed or not [default: 30]'
            cand --max-file-size 'Leave out attachments larger than this, e.g. 20M; the summary counts them'
            cand --comments 'Which comments to read [default: pages]'
            cand --max-shrink 'Save no snapshot, and exit with 22, when more than PERCENT of the previous one''s pages are gone'
            cand --tag 'Mark the snapshot with this word; can be repeated'
            cand --deadline 'Stop after this time, e.g. 90m or 2h, with what was read saved; the next run continues'
            cand --token 'The token itself [env: NOTION_API_TOKEN, then NOTION_TOKEN]'
            cand --token-file 'Read the token from this file'
            cand --token-command 'Run this shell command and read the token from its output, e.g. "pass show notion"'
            cand --api-url 'The address of the API [default: https://api.notion.com] [env: NOTION_API_URL]'
            cand --requests-per-minute 'Send no more requests a minute than this; without it, as many as Notion allows'
            cand --jobs 'How many requests may be under way at once [default: 8]'
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand --full 'Read everything again, also what seems unchanged'
            cand --no-files 'Leave out attachments; pages keep their names and places'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'notion-backup;snapshots'= {
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'notion-backup;ls'= {
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand -R 'List everything below as well'
            cand --recursive 'List everything below as well'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'notion-backup;cat'= {
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'notion-backup;check'= {
            cand --read-data-subset 'Read a part only: a random share such as 5%, or 2/7 for the second of seven parts'
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand --read-data 'Read every object too, and compare it with its hash: slower, and finds every damaged byte'
            cand --repair 'Save what can be saved of damaged snapshots, as new ones; best with --read-data'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'notion-backup;forget'= {
            cand --keep-last 'Keep the newest N; here and below, N may be `unlimited`'
            cand --keep-hourly 'Keep the newest of each hour, for the last N hours that have any'
            cand --keep-daily 'Keep the newest of each day, for the last N days that have any'
            cand --keep-weekly 'Keep the newest of each week, for the last N weeks that have any'
            cand --keep-monthly 'Keep the newest of each month, for the last N months that have any'
            cand --keep-yearly 'Keep the newest of each year, for the last N years that have any'
            cand --keep-within 'Keep all that are at most this much older than the newest, e.g. 30d or 1y6m (m: months)'
            cand --keep-tag 'Keep all with this tag, or with all of several with commas between; can be repeated'
            cand --tag 'Look only at snapshots with this tag, or with all of several; can be repeated'
            cand --group-by 'What makes snapshots count together [default: workspace,roots]'
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand -n 'Show what would go, and remove nothing'
            cand --dry-run 'Show what would go, and remove nothing'
            cand --prune 'Free the room at once, as `prune` does'
            cand --unsafe-allow-remove-all 'Remove the last complete snapshot of a workspace too'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'notion-backup;prune'= {
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand -n 'Show what would be freed, and remove nothing'
            cand --dry-run 'Show what would be freed, and remove nothing'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'notion-backup;unlock'= {
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand --remove-all 'Remove all locks, also those of commands that may still be running'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'notion-backup;stats'= {
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'notion-backup;extract'= {
            cand -r 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --repo 'The folder of backups [env: NOTION_BACKUP_REPO]'
            cand --config 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)'
            cand --json 'Write one JSON object a line on standard output, for programs'
            cand -q 'Write results, warnings and errors only'
            cand --quiet 'Write results, warnings and errors only'
            cand -v 'Tell more of what is done; up to three times'
            cand --verbose 'Tell more of what is done; up to three times'
            cand --no-progress 'Do not show progress'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
    ]
    $completions[$command]
}
