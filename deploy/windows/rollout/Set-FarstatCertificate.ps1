<#
.SYNOPSIS
Gives the farstat agent of this computer a certificate, as the PEM files it reads, and has it use them.

.DESCRIPTION
Three sources:
  -CertificationAuthority   a certificate is requested from Active Directory Certificate Services. The key is made here, in memory,
                            and never leaves the computer. Needs .NET Framework 4.7.2 (Windows 10 1803, Server 2019) or later.
  -Certificate, -Key        PEM files.
  -Pfx                      a PFX file. Needs PowerShell 7; elsewhere convert it by: openssl pkcs12 -in x.pfx -nodes

The files go to %ProgramData%\farstat\tls, which SYSTEM and administrators alone can read; farstat-agent configure enters them into
the settings, and the service is restarted. If configure refuses the files, the ones before are put back.

Not run by farstat's own tests: there is neither PowerShell nor a domain where farstat is built. Try it on one computer first.

.PARAMETER Authority
PEM file with the certificates of the authorities whose clients the agent serves.

.PARAMETER CertificationAuthority
As certutil -config - -ping lists it: server.example\Name of the authority

.PARAMETER Template
The template's name (not its display name). It must have server authentication as purpose and take names from the request.

.PARAMETER Listen
Addresses to serve, such as 0.0.0.0:9847; those that are set are kept if it is not given.

.EXAMPLE
.\Set-FarstatCertificate.ps1 -Authority .\ca.pem -CertificationAuthority 'pki1.corp.example\Corp Issuing CA' -Template FarstatAgent `
    -Listen 0.0.0.0:9847

.EXAMPLE
.\Set-FarstatCertificate.ps1 -Authority .\ca.pem -Certificate .\web1.pem -Key .\web1-key.pem -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'Pem')]
param(
    [Parameter(Mandatory = $true)]
    [string] $Authority,

    [Parameter(Mandatory = $true, ParameterSetName = 'Request')]
    [string] $CertificationAuthority,

    [Parameter(Mandatory = $true, ParameterSetName = 'Request')]
    [ValidatePattern('^[A-Za-z0-9_-]+$')]
    [string] $Template,

    [Parameter(ParameterSetName = 'Request')]
    [string[]] $DnsName = @(),

    [Parameter(Mandatory = $true, ParameterSetName = 'Pem')]
    [string] $Certificate,

    [Parameter(Mandatory = $true, ParameterSetName = 'Pem')]
    [string] $Key,

    [Parameter(Mandatory = $true, ParameterSetName = 'Pfx')]
    [string] $Pfx,

    [Parameter(Mandatory = $true, ParameterSetName = 'Pfx')]
    [Security.SecureString] $PfxPassword,

    [string[]] $Listen = @()
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$agent = Join-Path $env:ProgramFiles 'farstat\farstat-agent.exe'
$data = Join-Path $env:ProgramData 'farstat'
$folder = Join-Path $data 'tls'

function ConvertTo-Pem([string] $Label, [byte[]] $Bytes) {
    $text = [Convert]::ToBase64String($Bytes) -replace '(.{64})', "`$1`n"
    return "-----BEGIN $Label-----`n" + $text.TrimEnd("`n") + "`n-----END $Label-----`n"
}

function Set-Text([string] $Path, [string] $Text) {
    # Without a byte order mark, which PEM does not have.
    [IO.File]::WriteAllText($Path, $Text, (New-Object Text.UTF8Encoding($false)))
}

# Everything in it is for SYSTEM and administrators alone.
function New-PrivateFolder([string] $Path) {
    if (-not (Test-Path -LiteralPath $Path)) {
        New-Item -ItemType Directory -Path $Path | Out-Null
    }
    $access = New-Object Security.AccessControl.DirectorySecurity
    $access.SetSecurityDescriptorSddlForm('O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
    Set-Acl -LiteralPath $Path -AclObject $access
}

# Makes a key and has the authority sign a certificate for it; writes both below $Into.
function Request-Certificate([string] $Into) {
    $computer = [Net.Dns]::GetHostEntry('').HostName
    $names = @($computer) + $DnsName | Select-Object -Unique
    $rsa = New-Object Security.Cryptography.RSACng(3072)
    try {
        $request = New-Object Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=$computer", $rsa, [Security.Cryptography.HashAlgorithmName]::SHA256,
            [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $alternatives = New-Object Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder
        foreach ($name in $names) {
            $alternatives.AddDnsName($name)
        }
        $request.CertificateExtensions.Add($alternatives.Build($false))
        Set-Text (Join-Path $Into 'request.pem') (ConvertTo-Pem 'CERTIFICATE REQUEST' $request.CreateSigningRequest())
        $pkcs8 = $rsa.Key.Export([Security.Cryptography.CngKeyBlobFormat]::Pkcs8PrivateBlob)
        Set-Text (Join-Path $Into 'agent-key.pem') (ConvertTo-Pem 'PRIVATE KEY' $pkcs8)
    }
    finally {
        $rsa.Dispose()
    }
    & certreq.exe -submit -q -config $CertificationAuthority -attrib "CertificateTemplate:$Template" `
        (Join-Path $Into 'request.pem') (Join-Path $Into 'agent.pem')
    if ($LASTEXITCODE -ne 0 -or -not (Test-Path -LiteralPath (Join-Path $Into 'agent.pem'))) {
        throw "$CertificationAuthority has not issued a certificate (certreq answers $LASTEXITCODE). If the template wants an approval, issue it there, and use -Certificate and -Key."
    }
}

function Expand-Pfx([string] $Into) {
    if ($PSVersionTable.PSVersion.Major -lt 7) {
        throw 'A PFX file needs PowerShell 7. Elsewhere convert it by: openssl pkcs12 -in x.pfx -nodes'
    }
    $flags = [Security.Cryptography.X509Certificates.X509KeyStorageFlags] 'Exportable, EphemeralKeySet'
    $all = New-Object Security.Cryptography.X509Certificates.X509Certificate2Collection
    $password = [Net.NetworkCredential]::new('', $PfxPassword).Password
    $all.Import((Resolve-Path -LiteralPath $Pfx).ProviderPath, $password, $flags)
    $own = @($all | Where-Object { $_.HasPrivateKey })
    if ($own.Count -ne 1) {
        throw "$Pfx has $($own.Count) certificates with a private key; one is expected."
    }
    $private = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($own[0])
    if ($null -eq $private) {
        $private = [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::GetECDsaPrivateKey($own[0])
    }
    Set-Text (Join-Path $Into 'agent-key.pem') (ConvertTo-Pem 'PRIVATE KEY' $private.ExportPkcs8PrivateKey())
    $chain = @($own) + @($all | Where-Object { -not $_.HasPrivateKey -and $_.Subject -ne $_.Issuer })
    Set-Text (Join-Path $Into 'agent.pem') (($chain | ForEach-Object { ConvertTo-Pem 'CERTIFICATE' $_.RawData }) -join '')
}

if (-not (Test-Path -LiteralPath $agent)) {
    throw "$agent is not there: install farstat first."
}
foreach ($given in @($Authority, $Certificate, $Key, $Pfx)) {
    if ($given -and -not (Test-Path -LiteralPath $given)) {
        throw "$given is not there."
    }
}
if (-not $PSCmdlet.ShouldProcess($env:COMPUTERNAME, "give the farstat agent a certificate in $folder, and restart it")) {
    return
}

New-PrivateFolder $folder
$new = Join-Path $folder ('new-' + [Guid]::NewGuid().ToString('N'))
New-Item -ItemType Directory -Path $new | Out-Null
try {
    switch ($PSCmdlet.ParameterSetName) {
        'Request' { Request-Certificate $new }
        'Pfx' { Expand-Pfx $new }
        'Pem' {
            # By content: a copied file could bring access rights along.
            Set-Text (Join-Path $new 'agent.pem') (Get-Content -LiteralPath $Certificate -Raw)
            Set-Text (Join-Path $new 'agent-key.pem') (Get-Content -LiteralPath $Key -Raw)
        }
    }
    Set-Text (Join-Path $new 'ca.pem') (Get-Content -LiteralPath $Authority -Raw)

    $files = @('ca.pem', 'agent.pem', 'agent-key.pem')
    foreach ($file in $files) {
        $place = Join-Path $folder $file
        if (Test-Path -LiteralPath $place) {
            Move-Item -LiteralPath $place -Destination (Join-Path $new "$file.before") -Force
        }
        Move-Item -LiteralPath (Join-Path $new $file) -Destination $place
    }
    $arguments = @('configure', '--ca', (Join-Path $folder 'ca.pem'), '--cert', (Join-Path $folder 'agent.pem'),
        '--key', (Join-Path $folder 'agent-key.pem'))
    foreach ($address in $Listen) {
        $arguments += @('--listen', $address)
    }
    & $agent $arguments
    if ($LASTEXITCODE -ne 0) {
        foreach ($file in $files) {
            $before = Join-Path $new "$file.before"
            Remove-Item -LiteralPath (Join-Path $folder $file)
            if (Test-Path -LiteralPath $before) {
                Move-Item -LiteralPath $before -Destination (Join-Path $folder $file)
            }
        }
        throw 'farstat-agent configure refuses these files, see above. Those from before, if any, are in place again.'
    }
}
finally {
    Remove-Item -LiteralPath $new -Recurse -Force -ErrorAction SilentlyContinue
}
Restart-Service -Name 'farstat-agent'
& $agent doctor
