<#
.SYNOPSIS
Installs or upgrades farstat on this computer, silently, from a file, a share or a web address.

.DESCRIPTION
The MSI is copied to where only administrators can write, its SHA-256 is compared, and only then it is installed.
Settings and certificates that are there are kept. Run it as administrator, or as SYSTEM by a deployment tool.

Not run by farstat's own tests: there is no PowerShell where farstat is built. Try it on one computer first.

.PARAMETER Source
The MSI: C:\..., \\server\share\..., or https://...

.PARAMETER Sha256
What ./dev windows package printed for it.

.PARAMETER Property
Properties of the installer, such as @{ LISTEN = '0.0.0.0:9847'; FIREWALL_REMOTE = '10.0.0.0/8' }; deploy/windows/README.md
lists them.

.PARAMETER ClientOnly
Install farstat.exe alone, without the service.

.EXAMPLE
.\Install-Farstat.ps1 -Source \\files\msi\farstat-0.1.0-x64.msi -Sha256 9f86... -Property @{ FIREWALL_REMOTE = '10.0.0.0/8' }

.EXAMPLE
.\Install-Farstat.ps1 -Source https://files.example/farstat-0.1.0-x64.msi -Sha256 9f86... -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true)]
    [string] $Source,

    [Parameter(Mandatory = $true)]
    [ValidatePattern('^[0-9A-Fa-f]{64}$')]
    [string] $Sha256,

    [hashtable] $Property = @{},

    [switch] $ClientOnly
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$identity = [Security.Principal.WindowsIdentity]::GetCurrent()
$principal = New-Object Security.Principal.WindowsPrincipal($identity)
if (-not $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'Run this as administrator.'
}
if ($Source -like 'http://*') {
    throw 'Only https:// addresses are taken.'
}

# Below Program Files administrators alone can write: what has been checked cannot be exchanged before it is installed.
$folder = Join-Path $env:ProgramFiles ('farstat-install-' + [Guid]::NewGuid().ToString('N'))
$msi = Join-Path $folder 'farstat.msi'
$log = Join-Path $env:SystemRoot ('Logs\farstat-install-' + (Get-Date -Format 'yyyyMMdd-HHmmss') + '.log')

if (-not $PSCmdlet.ShouldProcess($env:COMPUTERNAME, "install $Source")) {
    return
}
New-Item -ItemType Directory -Path $folder | Out-Null
try {
    if ($Source -like 'https://*') {
        [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
        Invoke-WebRequest -Uri $Source -OutFile $msi -UseBasicParsing
    }
    else {
        Copy-Item -LiteralPath $Source -Destination $msi
    }
    $found = (Get-FileHash -LiteralPath $msi -Algorithm SHA256).Hash
    if ($found -ne $Sha256) {
        throw "The SHA-256 of $Source is $found and not $Sha256. It is not installed."
    }

    $arguments = @('/i', "`"$msi`"", '/qn', '/norestart', '/l*v', "`"$log`"")
    if ($ClientOnly) {
        $arguments += 'ADDLOCAL=Client'
    }
    foreach ($name in $Property.Keys) {
        $value = [string] $Property[$name]
        if ($name -notmatch '^[A-Z][A-Z_]*$' -or $value.Contains('"')) {
            throw "Property ${name}: names have capital letters, values no quotation marks."
        }
        $arguments += "$name=`"$value`""
    }

    # 1618: another installation runs. It is waited for, five minutes at most.
    for ($try = 1; $try -le 10; $try++) {
        $process = Start-Process -FilePath (Join-Path $env:SystemRoot 'System32\msiexec.exe') -ArgumentList $arguments -Wait -PassThru
        if ($process.ExitCode -ne 1618) {
            break
        }
        Start-Sleep -Seconds 30
    }
    if (@(0, 1641, 3010) -notcontains $process.ExitCode) {
        throw "msiexec answers $($process.ExitCode). Its log: $log"
    }
    if ($process.ExitCode -ne 0) {
        Write-Warning 'Windows wants to be restarted.'
    }
}
finally {
    Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction SilentlyContinue
}

if ($ClientOnly) {
    return
}
$service = Get-Service -Name 'farstat-agent'
try {
    $service.WaitForStatus('Running', [TimeSpan]::FromSeconds(60))
}
catch {
    Write-Warning 'farstat is installed, and its service does not run. The event log says:'
    Get-WinEvent -FilterHashtable @{ LogName = 'Application'; ProviderName = 'farstat-agent' } -MaxEvents 5 -ErrorAction SilentlyContinue |
        ForEach-Object { Write-Warning $_.Message }
    throw 'The service farstat-agent does not run. "%ProgramFiles%\farstat\farstat-agent.exe" doctor says what to do.'
}
Get-Service -Name 'farstat-agent'
