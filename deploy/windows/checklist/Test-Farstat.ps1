<#
.SYNOPSIS
Looks at the farstat agent of this Windows computer and compares its numbers with Windows' own; writes one report file.

.DESCRIPTION
Nothing is changed, unless -WithEstats is given. Run it as administrator on a host where farstat is installed, if possible with a VPN
connected and IPsec in use. Read the report from its end: the findings are there, and below them what only a person can try.

Keep README.md beside it: the report ends with its list.

.PARAMETER Report
Where the report goes. Default: farstat-report-COMPUTER-TIME.txt in the current folder.

.PARAMETER WithEstats
Also switches extended TCP statistics on for connections of this host to itself, for a minute. The agent must take this host's programs
as operators (local_operators), or -ClientArgument must name an operator's certificate.

.PARAMETER ClientArgument
Further arguments of farstat.exe, such as '-t', 'web1.example', '--ca', 'ca.pem', '--cert', 'me.pem', '--key', 'me-key.pem', where
the agent has certificates.

.EXAMPLE
.\Test-Farstat.ps1

.EXAMPLE
.\Test-Farstat.ps1 -WithEstats -Report C:\Temp\web1.txt -ClientArgument '-t','web1.example','--ca','ca.pem','--cert','me.pem','--key','me-key.pem'

.NOTES
What has not been run where farstat is built, because there is no Windows and no PowerShell there (README.md has the whole list):
  - this script, and those for rolling out
  - the MSI on a real Windows: install, upgrade, rollback, repair, removal
  - the service under the real service control manager: restarts, delayed start, preshutdown, trimmed privileges, texts in the event log
  - RAS: whether LocalSystem sees connections of users, statistics of each kind of VPN, notices of changes, clearing
  - TCP: EStats on real connections; rows in TIME_WAIT may have 0 as creation time
  - IPsec and IKE: positions of all counters, whether the IPsec driver keeps them over a restart of BFE
  - loads: what a collection costs Windows, a week of running
#>
[CmdletBinding()]
param(
    [string] $Report = (Join-Path (Get-Location) "farstat-report-$env:COMPUTERNAME-$(Get-Date -Format 'yyyyMMdd-HHmmss').txt"),
    [switch] $WithEstats,
    [string[]] $ClientArgument = @()
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$programs = Join-Path $env:ProgramFiles 'farstat'
$agent = Join-Path $programs 'farstat-agent.exe'
$farstat = Join-Path $programs 'farstat.exe'
$lines = New-Object Collections.Generic.List[string]
$findings = New-Object Collections.Generic.List[string]

function Write-Report([string] $Text) {
    $lines.Add($Text)
}

# One part of the report. What fails in it is in the report, and does not keep the others from running.
function Add-Section([string] $Title, [scriptblock] $Body) {
    Write-Host $Title
    Write-Report ''
    Write-Report "== $Title"
    try {
        & $Body | Out-String -Stream -Width 220 | ForEach-Object { Write-Report $_.TrimEnd() }
    }
    catch {
        Write-Report "could not be looked at: $($_.Exception.Message)"
        $findings.Add("${Title}: could not be looked at: $($_.Exception.Message)")
    }
}

# Compares two numbers, and says so in the report. A counter moves between two readings, so that some difference is no fault.
function Compare-Number([string] $What, $Ours, $Windows, [double] $Tolerance = 0) {
    if ($null -eq $Ours) {
        $findings.Add("${What}: farstat does not deliver it; Windows $Windows")
        return '{0,-60} farstat {1,18}   Windows {2,18}' -f $What, 'absent', $Windows
    }
    $same = [Math]::Abs([double] $Ours - [double] $Windows) -le $Tolerance
    $verdict = if ($same) { 'same' } else { 'DIFFERENT' }
    if (-not $same) {
        $findings.Add("${What}: farstat $Ours, Windows $Windows (tolerance $Tolerance)")
    }
    '{0,-60} farstat {1,18}   Windows {2,18}   {3}' -f $What, $Ours, $Windows, $verdict
}

# Programs write to standard error too; that is no error of this script.
function Invoke-Program([string] $Program, [string[]] $Arguments) {
    $ErrorActionPreference = 'Continue'
    & $Program @Arguments 2>&1 | ForEach-Object { "$_" }
}

# The records of one family that farstat prints for machines.
function Get-Farstat([string] $Family) {
    $ErrorActionPreference = 'Continue'
    $text = & $farstat get $Family -o jsonl @ClientArgument 2>$null
    @($text | Where-Object { $_ } | ForEach-Object { $_ | ConvertFrom-Json })
}

# A member of a JSON object that may be absent; $null then.
function Get-Field($Object, [string] $Path) {
    foreach ($name in $Path.Split('.')) {
        if ($null -eq $Object -or -not $Object.PSObject.Properties[$name]) {
            return $null
        }
        $Object = $Object.$name
    }
    $Object
}

function Get-Rows($Records) { @($Records | Where-Object { $_.kind -eq 'row' } | ForEach-Object { $_.data }) }
function Get-Totals($Records) { @($Records | Where-Object { $_.kind -eq 'totals' } | ForEach-Object { $_.data })[0] }

Add-Section 'host' {
    Get-CimInstance Win32_OperatingSystem | Format-List 'Caption', 'Version', 'BuildNumber', 'OSArchitecture', 'LastBootUpTime'
    $PSVersionTable.PSVersion
    Get-Date -Format o
    whoami.exe /groups | Select-String 'S-1-16-'
}

Add-Section 'agent: doctor' {
    Invoke-Program $agent @('version')
    Invoke-Program $agent @('doctor')
}

Add-Section 'agent: service' {
    $configuration = Invoke-Program 'sc.exe' @('qc', 'farstat-agent')
    $configuration
    foreach ($question in 'queryex', 'qdescription', 'qfailure', 'qfailureflag', 'qsidtype', 'qprivs', 'qpreshutdown') {
        Invoke-Program 'sc.exe' @($question, 'farstat-agent')
    }
    if (-not ($configuration -match '"[^"]*farstat-agent\.exe" service')) {
        $findings.Add('agent: service: the path of the program is not in quotation marks')
    }
    if (-not ($configuration -match 'DELAYED')) {
        $findings.Add('agent: service: it does not start delayed')
    }
    if ((Get-Service farstat-agent).Status -ne 'Running') {
        $findings.Add('agent: service: it does not run')
    }
    Get-Service 'RasMan', 'BFE', 'IKEEXT', 'PolicyAgent' | Format-Table 'Name', 'Status', 'StartType'
}

Add-Section 'agent: files' {
    foreach ($path in $programs, (Join-Path $env:ProgramData 'farstat')) {
        Invoke-Program 'icacls.exe' @($path, '/T')
    }
    Get-AuthenticodeSignature -FilePath @($agent, $farstat) | Format-Table 'Path', 'Status'
    Get-ItemProperty 'HKLM:\Software\Microsoft\Windows\CurrentVersion\Uninstall\*' |
        Where-Object { $_.PSObject.Properties['DisplayName'] -and $_.DisplayName -eq 'farstat' } |
        Format-List 'DisplayName', 'DisplayVersion', 'UninstallString', 'InstallDate'
}

Add-Section 'agent: events' {
    Get-WinEvent -FilterHashtable @{ LogName = 'Application'; ProviderName = 'farstat-agent' } -MaxEvents 20 |
        Format-Table 'TimeCreated', 'Id', 'LevelDisplayName', 'Message' -Wrap
}

Add-Section 'agent: firewall' {
    Get-NetFirewallRule -DisplayName 'farstat agent' -ErrorAction SilentlyContinue | ForEach-Object {
        $_ | Format-List 'DisplayName', 'Enabled', 'Direction', 'Action', 'Profile'
        $_ | Get-NetFirewallPortFilter | Format-List 'Protocol', 'LocalPort'
        $_ | Get-NetFirewallAddressFilter | Format-List 'RemoteAddress'
    }
}

foreach ($family in 'host', 'tcp', 'ras', 'ipsec', 'ike') {
    Add-Section "farstat get $family" {
        Invoke-Program $farstat (@('get', $family) + $ClientArgument)
    }
}

Add-Section 'TCP: connections' {
    # What both readings around farstat's have must be in farstat's; what farstat has must be in one of them.
    $key = { "{0}:{1} {2}:{3}" -f ($_.LocalAddress -replace '%.*'), $_.LocalPort, ($_.RemoteAddress -replace '%.*'), $_.RemotePort }
    $states = @('Established', 'CloseWait', 'FinWait2')
    $before = @(Get-NetTCPConnection | Where-Object { $states -contains $_.State } | ForEach-Object $key)
    $records = Get-Farstat 'tcp'
    $after = @(Get-NetTCPConnection | Where-Object { $states -contains $_.State } | ForEach-Object $key)
    $all = @(Get-NetTCPConnection | ForEach-Object $key)
    $rows = @(Get-Rows $records)
    $ours = @($rows | ForEach-Object {
            '{0}:{1} {2}:{3}' -f ((Get-Field $_ 'key.local_address') -replace '%.*'), (Get-Field $_ 'key.local_port'),
            ((Get-Field $_ 'key.remote_address') -replace '%.*'), (Get-Field $_ 'key.remote_port') })
    $stable = @($before | Where-Object { $after -contains $_ })
    $missing = @($stable | Where-Object { $ours -notcontains $_ })
    $established = @($rows | Where-Object { (Get-Field $_ 'state') -eq 'TCP_STATE_ESTABLISHED' })
    "rows: farstat $($rows.Count), Windows $($all.Count); stable connections: $($stable.Count)"
    Compare-Number 'TCP: connections that Windows lists and farstat does not' $missing.Count 0
    $missing | Select-Object -First 20
    $unknown = @($ours | Where-Object { $all -notcontains $_ -and $before -notcontains $_ -and $after -notcontains $_ })
    "of farstat alone (they may have come and gone meanwhile): $($unknown.Count)"
    Compare-Number 'TCP: established' $established.Count @(Get-NetTCPConnection -State Established).Count 5
    $totals = Get-Totals $records
    # The statistics of netsh, by their place: their names are in the language of Windows.
    $statistics = @(Invoke-Program 'netsh.exe' @('interface', 'ipv4', 'show', 'tcpstats')) + @(Invoke-Program 'netsh.exe' @('interface', 'ipv6', 'show', 'tcpstats'))
    $statistics
    $totals | ConvertTo-Json -Depth 6
    $waiting = @($rows | Where-Object { (Get-Field $_ 'state') -eq 'TCP_STATE_TIME_WAIT' })
    $unborn = @($waiting | Where-Object { $null -eq (Get-Field $_ 'key.incarnation') -or (Get-Field $_ 'key.incarnation') -eq '0' })
    "TIME_WAIT: $($waiting.Count), of them without a creation time: $($unborn.Count)"
}

Add-Section 'TCP: performance counters' {
    $totals = Get-Totals (Get-Farstat 'tcp')
    foreach ($set in 'TCPv4', 'TCPv6') {
        $paths = (Get-Counter -ListSet $set).Paths
        Get-Counter -Counter $paths | ForEach-Object { $_.CounterSamples } | Format-Table 'Path', 'CookedValue'
    }
    $established = (Get-Counter '\TCPv4\Connections Established').CounterSamples[0].CookedValue +
        (Get-Counter '\TCPv6\Connections Established').CounterSamples[0].CookedValue
    Compare-Number 'TCP: connections established (performance counter)' (Get-Field $totals 'current_established') $established 5
}

if ($WithEstats) {
    Add-Section 'TCP: extended statistics' {
        Invoke-Program $farstat (@('estats', 'enable', '--groups', 'all', '--local', '127.0.0.0/8', '--ttl', '1m', '--release', 'disable') + $ClientArgument)
        Invoke-Program $farstat (@('get', 'tcp', '--local', '127.0.0.0/8', '-o', 'json') + $ClientArgument)
    }
}

Add-Section 'RAS: what Windows says' {
    # rasdial shows the connections of the user who calls it.
    Invoke-Program 'rasdial.exe' @()
    Get-VpnConnection -ErrorAction SilentlyContinue | Format-Table 'Name', 'ServerAddress', 'TunnelType', 'ConnectionStatus'
    Get-VpnConnection -AllUserConnection -ErrorAction SilentlyContinue | Format-Table 'Name', 'ServerAddress', 'TunnelType', 'ConnectionStatus'
}

Add-Section 'RAS: connections' {
    $rows = @(Get-Rows (Get-Farstat 'ras'))
    $names = @($rows | ForEach-Object { Get-Field $_ 'entry_name' })
    $of_user = @(Get-VpnConnection -ErrorAction SilentlyContinue | Where-Object { $_.ConnectionStatus -eq 'Connected' } | ForEach-Object { $_.Name })
    $of_all = @(Get-VpnConnection -AllUserConnection -ErrorAction SilentlyContinue | Where-Object { $_.ConnectionStatus -eq 'Connected' } | ForEach-Object { $_.Name })
    "farstat: $($names -join ', ')"
    "connected, of this user: $($of_user -join ', ')"
    "connected, of all users: $($of_all -join ', ')"
    foreach ($name in $of_all) {
        if ($names -notcontains $name) { $findings.Add("RAS: the connection '$name' of all users is not seen by the service") }
    }
    foreach ($name in $of_user) {
        if ($names -notcontains $name) { $findings.Add("RAS: the connection '$name' of this user is not seen by the service, which runs as LocalSystem") }
    }
}

Add-Section 'RAS: performance counters' {
    $rows = @(Get-Rows (Get-Farstat 'ras'))
    Get-Counter -ListSet @('RAS Port', 'RAS Total') | ForEach-Object { $_.CounterSetName }
    Get-Counter '\RAS Port(*)\*' | ForEach-Object { $_.CounterSamples } | Where-Object { $_.CookedValue -ne 0 } | Format-Table 'Path', 'CookedValue'
    $bytes = (Get-Counter '\RAS Total\Bytes Received').CounterSamples[0].CookedValue
    $ours = 0
    foreach ($row in $rows) {
        $ours += [double] (Get-Field $row 'statistics.bytes_in')
    }
    Compare-Number 'RAS: bytes received by all connections' $ours $bytes ([Math]::Max(100000, $bytes / 100))
}

Add-Section 'IPsec and IKE: what Windows says' {
    Get-NetIPsecMainModeSA -ErrorAction SilentlyContinue | Format-Table
    Get-NetIPsecQuickModeSA -ErrorAction SilentlyContinue | Format-Table
    Invoke-Program 'netsh.exe' @('ipsec', 'dynamic', 'show', 'stats')
    foreach ($set in @(Get-Counter -ListSet @('IPsec*', 'Generic IKEv1*') -ErrorAction SilentlyContinue)) {
        "-- $($set.CounterSetName)"
        $paths = $set.Paths
        Get-Counter -Counter $paths -ErrorAction SilentlyContinue | ForEach-Object { $_.CounterSamples } | Format-Table 'Path', 'CookedValue'
    }
}

Add-Section 'IPsec and IKE: numbers' {
    $ipsec = Get-Farstat 'ipsec'
    $ike = Get-Farstat 'ike'
    $totals = Get-Totals $ipsec
    Compare-Number 'IKE: main mode security associations' @(Get-Rows $ike).Count @(Get-NetIPsecMainModeSA -ErrorAction SilentlyContinue).Count 1
    $contexts = @(Get-Rows $ipsec | ForEach-Object { Get-Field $_ 'key.sa_context_id' } | Select-Object -Unique)
    Compare-Number 'IPsec: quick mode security associations' $contexts.Count @(Get-NetIPsecQuickModeSA -ErrorAction SilentlyContinue).Count 1
    Compare-Number 'IPsec: active security associations (performance counter)' (Get-Field $totals 'sas.active_sas') `
        (Get-Counter '\IPsec Driver\Active Security Associations').CounterSamples[0].CookedValue 1
    $offered = (Get-Counter '\IPsec Driver\Total Inbound Packets Dropped' -ErrorAction SilentlyContinue)
    if ($offered) {
        "IPsec: packets dropped: farstat $(Get-Field $totals 'drops.total_packets'), Windows $($offered.CounterSamples[0].CookedValue)"
    }
}

Add-Section 'IPsec and IKE: state of the filtering platform' {
    $file = Join-Path ([IO.Path]::GetDirectoryName([IO.Path]::GetFullPath($Report))) 'farstat-wfp-state.xml'
    Invoke-Program 'netsh.exe' @('wfp', 'show', 'state', "file=$file")
    $state = [xml] (Get-Content -LiteralPath $file -Raw)
    foreach ($name in 'ikeStatistics', 'ipsecStatistics', 'ikeSaDetails', 'ipsecSaContexts') {
        foreach ($node in @($state.GetElementsByTagName($name))) {
            $text = $node.OuterXml
            # Long lists of associations are in the file; here is their beginning. Keys are not shown by netsh.
            $text.Substring(0, [Math]::Min(4000, $text.Length))
        }
    }
    "The whole: $file (it has addresses and policies of this host; delete it when it has been looked at)"
}

Write-Report ''
Write-Report '== findings'
if ($findings.Count -eq 0) {
    Write-Report 'none: what could be compared is the same'
}
foreach ($finding in $findings) {
    Write-Report "* $finding"
}
Write-Report ''
Write-Report '== what only a person can try (deploy/windows/checklist/README.md)'
$list = Join-Path $PSScriptRoot 'README.md'
if (Test-Path -LiteralPath $list) {
    Get-Content -LiteralPath $list -Encoding UTF8 | Where-Object { $_ -match '^\d+\. ' } | ForEach-Object { Write-Report "[ ] $_" }
}
else {
    Write-Report "the list is in $list, which was not copied along; Get-Help $PSCommandPath -Full has its outline"
}

[IO.File]::WriteAllLines([IO.Path]::GetFullPath($Report), $lines, (New-Object Text.UTF8Encoding($true)))
Write-Host ''
Write-Host "$($findings.Count) findings. The report: $Report"
