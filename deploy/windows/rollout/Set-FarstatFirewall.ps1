<#
.SYNOPSIS
Lets given addresses reach the farstat agent of this computer through Windows' firewall, or nobody any more.

.DESCRIPTION
Makes one inbound rule, "farstat agent", for the agent's program and port; an older one of that name is replaced. The installer's
property FIREWALL_REMOTE makes the same rule. Removing farstat removes it.

Not run by farstat's own tests: there is no PowerShell where farstat is built.

.PARAMETER RemoteAddress
Addresses, networks or ranges, such as 10.0.0.0/8, 192.0.2.7, fd00::/8. "Any" is not taken.

.EXAMPLE
.\Set-FarstatFirewall.ps1 -RemoteAddress 10.1.2.0/24, 10.9.9.9

.EXAMPLE
.\Set-FarstatFirewall.ps1 -Remove -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'Allow')]
param(
    [Parameter(Mandatory = $true, ParameterSetName = 'Allow')]
    [ValidatePattern('^[0-9A-Fa-f.:/-]+$')]
    [string[]] $RemoteAddress,

    [Parameter(ParameterSetName = 'Allow')]
    [ValidateRange(1, 65535)]
    [int] $Port = 9847,

    [Parameter(Mandatory = $true, ParameterSetName = 'Remove')]
    [switch] $Remove
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$name = 'farstat agent'
$program = Join-Path $env:ProgramFiles 'farstat\farstat-agent.exe'

$old = @(Get-NetFirewallRule -DisplayName $name -ErrorAction SilentlyContinue)
if ($old.Count -gt 0 -and $PSCmdlet.ShouldProcess("firewall rule '$name'", 'remove')) {
    $old | Remove-NetFirewallRule
}
if ($Remove) {
    return
}
if (-not (Test-Path -LiteralPath $program)) {
    throw "$program is not there: install farstat first."
}
if ($PSCmdlet.ShouldProcess("firewall rule '$name'", "allow TCP port $Port from $($RemoteAddress -join ', ')")) {
    New-NetFirewallRule -DisplayName $name -Direction Inbound -Action Allow -Protocol TCP -LocalPort $Port `
        -RemoteAddress $RemoteAddress -Program $program -Profile Any | Out-Null
    Get-NetFirewallRule -DisplayName $name
}
