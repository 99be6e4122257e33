
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'notion-backup' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'notion-backup'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'notion-backup' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('dump', 'dump', [CompletionResultType]::ParameterValue, 'Back up what the token may see')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Rebuild a snapshot in Notion, below a page')
            [CompletionResult]::new('snapshots', 'snapshots', [CompletionResultType]::ParameterValue, 'List the snapshots of a repository, oldest first')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List what is in a snapshot')
            [CompletionResult]::new('cat', 'cat', [CompletionResultType]::ParameterValue, 'Write a file of a snapshot to standard output')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check that the repository is sound')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Remove snapshots that are no longer needed, by a rule or by name')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Free the room of what no snapshot needs')
            [CompletionResult]::new('unlock', 'unlock', [CompletionResultType]::ParameterValue, 'Remove the locks that crashed commands have left')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Show how much is in the repository, and what each snapshot added')
            [CompletionResult]::new('extract', 'extract', [CompletionResultType]::ParameterValue, 'Write a snapshot as plain files into a folder')
            [CompletionResult]::new('plakar', 'plakar', [CompletionResultType]::ParameterValue, 'Be a connector of the backup program Plakar, or make a package of one')
            break
        }
        'notion-backup;dump' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Back up this page or database and what is below it, instead of everything shared with the token; can be repeated')
            [CompletionResult]::new('--recheck-after', '--recheck-after', [CompletionResultType]::ParameterName, 'Read every page again after this many days, whether it seems changed or not [default: 30]')
            [CompletionResult]::new('--max-file-size', '--max-file-size', [CompletionResultType]::ParameterName, 'Leave out attachments larger than this, e.g. 20M; the summary counts them')
            [CompletionResult]::new('--comments', '--comments', [CompletionResultType]::ParameterName, 'Which comments to read [default: pages]')
            [CompletionResult]::new('--max-shrink', '--max-shrink', [CompletionResultType]::ParameterName, 'Save no snapshot, and exit with 22, when more than PERCENT of the previous one''s pages are gone')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Mark the snapshot with this word; can be repeated')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'Stop after this time, e.g. 90m or 2h, with what was read saved; the next run continues')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The token itself [env: NOTION_API_TOKEN, then NOTION_TOKEN]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from this file')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Run this shell command and read the token from its output, e.g. "pass show notion"')
            [CompletionResult]::new('--api-url', '--api-url', [CompletionResultType]::ParameterName, 'The address of the API [default: https://api.notion.com] [env: NOTION_API_URL]')
            [CompletionResult]::new('--requests-per-minute', '--requests-per-minute', [CompletionResultType]::ParameterName, 'Send no more requests a minute than this; without it, as many as Notion allows')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many requests may be under way at once [default: 8]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--full', '--full', [CompletionResultType]::ParameterName, 'Read everything again, also what seems unchanged')
            [CompletionResult]::new('--existing', '--existing', [CompletionResultType]::ParameterName, 'Exit with 10 where there is no repository, instead of creating one')
            [CompletionResult]::new('--no-files', '--no-files', [CompletionResultType]::ParameterName, 'Leave out attachments; pages keep their names and places')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;restore' {
            [CompletionResult]::new('--root-id', '--root-id', [CompletionResultType]::ParameterName, 'The page that everything goes below; it must be shared with the token''s connection')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Restore only this page or database and what is below it: an id, a link or a path in the snapshot; can be repeated')
            [CompletionResult]::new('--from-dir', '--from-dir', [CompletionResultType]::ParameterName, 'Restore from this folder instead, as `extract` or `plakar restore` wrote it')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'Stop after this time, e.g. 90m or 2h; --resume goes on')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The token itself [env: NOTION_API_TOKEN, then NOTION_TOKEN]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from this file')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Run this shell command and read the token from its output, e.g. "pass show notion"')
            [CompletionResult]::new('--api-url', '--api-url', [CompletionResultType]::ParameterName, 'The address of the API [default: https://api.notion.com] [env: NOTION_API_URL]')
            [CompletionResult]::new('--requests-per-minute', '--requests-per-minute', [CompletionResultType]::ParameterName, 'Send no more requests a minute than this; without it, as many as Notion allows')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many requests may be under way at once [default: 8]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be restored, and what cannot be; write nothing')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Go on with the last unfinished restore into this page')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('undo', 'undo', [CompletionResultType]::ParameterValue, 'Put into the trash what a restore has made')
            break
        }
        'notion-backup;restore;undo' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The token itself [env: NOTION_API_TOKEN, then NOTION_TOKEN]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from this file')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Run this shell command and read the token from its output, e.g. "pass show notion"')
            [CompletionResult]::new('--api-url', '--api-url', [CompletionResultType]::ParameterName, 'The address of the API [default: https://api.notion.com] [env: NOTION_API_URL]')
            [CompletionResult]::new('--requests-per-minute', '--requests-per-minute', [CompletionResultType]::ParameterName, 'Send no more requests a minute than this; without it, as many as Notion allows')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many requests may be under way at once [default: 8]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;snapshots' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'notion-backup;ls' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('-R', '-R ', [CompletionResultType]::ParameterName, 'List everything below as well')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'List everything below as well')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;cat' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;check' {
            [CompletionResult]::new('--read-data-subset', '--read-data-subset', [CompletionResultType]::ParameterName, 'Read a part only: a random share such as 5%, or 2/7 for the second of seven parts')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--read-data', '--read-data', [CompletionResultType]::ParameterName, 'Read every object too, and compare it with its hash: slower, and finds every damaged byte')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Save what can be saved of damaged snapshots, as new ones; best with --read-data')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;forget' {
            [CompletionResult]::new('--keep-last', '--keep-last', [CompletionResultType]::ParameterName, 'Keep the newest N; here and below, N may be `unlimited`')
            [CompletionResult]::new('--keep-hourly', '--keep-hourly', [CompletionResultType]::ParameterName, 'Keep the newest of each hour, for the last N hours that have any')
            [CompletionResult]::new('--keep-daily', '--keep-daily', [CompletionResultType]::ParameterName, 'Keep the newest of each day, for the last N days that have any')
            [CompletionResult]::new('--keep-weekly', '--keep-weekly', [CompletionResultType]::ParameterName, 'Keep the newest of each week, for the last N weeks that have any')
            [CompletionResult]::new('--keep-monthly', '--keep-monthly', [CompletionResultType]::ParameterName, 'Keep the newest of each month, for the last N months that have any')
            [CompletionResult]::new('--keep-yearly', '--keep-yearly', [CompletionResultType]::ParameterName, 'Keep the newest of each year, for the last N years that have any')
            [CompletionResult]::new('--keep-within', '--keep-within', [CompletionResultType]::ParameterName, 'Keep all that are at most this much older than the newest, e.g. 30d or 1y6m (m: months)')
            [CompletionResult]::new('--keep-tag', '--keep-tag', [CompletionResultType]::ParameterName, 'Keep all with this tag, or with all of several with commas between; can be repeated')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Look only at snapshots with this tag, or with all of several; can be repeated')
            [CompletionResult]::new('--group-by', '--group-by', [CompletionResultType]::ParameterName, 'What makes snapshots count together [default: workspace,roots]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show what would go, and remove nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would go, and remove nothing')
            [CompletionResult]::new('--prune', '--prune', [CompletionResultType]::ParameterName, 'Free the room at once, as `prune` does')
            [CompletionResult]::new('--unsafe-allow-remove-all', '--unsafe-allow-remove-all', [CompletionResultType]::ParameterName, 'Remove the last complete snapshot of a workspace too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;prune' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show what would be freed, and remove nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be freed, and remove nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;unlock' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--remove-all', '--remove-all', [CompletionResultType]::ParameterName, 'Remove all locks, also those of commands that may still be running')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;stats' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'notion-backup;extract' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'notion-backup;plakar' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'The folder of backups [env: NOTION_BACKUP_REPO]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file, instead of notion-backup/config.toml in $XDG_CONFIG_HOME (~/.config)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line on standard output, for programs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Write results, warnings and errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more of what is done; up to three times')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Do not show progress')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
