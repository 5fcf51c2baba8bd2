#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication
<#
.SYNOPSIS
The online legs of an enrolment: fetches creation options, registers the answers of the keys, and
sets a password from two halves.

.DESCRIPTION
Three things for the accounts and keys of the register, each by a switch of its own:

  -FetchOptions  (leg one)  writes options-KEY.json for each key into the folder. Carry them to the
                 station within the time that the challenge lasts: keyvault enroll keys.
  -Register      (leg three) sends each registration-KEY.json as it is, once its SHA-256 was typed
                 from the paper that came with it and agrees.
  -SetPassword   two officers type a half each, which the station shows to each alone. The halves
                 are joined in memory, sent, and overwritten. -Set names the secret set, as the
                 station shows it: by that the evidence is known to be about this password.

Every attempt goes into evidence.json in the folder, with what the tenant answered: carry that back,
keyvault enroll evidence. It holds no secret.

The order for a new account (S20):
  1. Create it; bootstrap it with Microsoft Authenticator at its first sign-in.
  2. Change the initial password: -SetPassword, with one that lies sealed already.
  3. Add the keys: -FetchOptions, the station, -Register.
  4. Remove the bootstrap method again, once a key has signed in.
The passkey method is enabled for the accounts before all that (S21).

It serves S17, S19, S20, S21, S28 and S38. Connect first, in the same window, with an account of
your own (Privileged Authentication Administrator), never with an emergency account:

  Connect-MgGraph -NoWelcome -Scopes UserAuthenticationMethod.ReadWrite.All,
      User-PasswordProfile.ReadWrite.All

-WhatIf says what would be done, asks for nothing and changes nothing. The beta endpoint is used:
v1.0 gives a challenge of five minutes, which no file survives that is carried to another machine.

.PARAMETER FetchOptions
Leg one: fetch creation options.

.PARAMETER Register
Leg three: register the answers.

.PARAMETER SetPassword
Set the password of the account that is named by its id in the register.

.PARAMETER Set
Id of the secret set whose password it is, as the station shows it: bg1-pw2.

.PARAMETER Key
Asset tags of the keys; all of the register by default.

.PARAMETER ChallengeTimeoutInMinutes
How long the tenant takes an answer, in minutes.

.PARAMETER Folder
Where the files lie: the transfer medium. The current folder by default.

.EXAMPLE
./Enroll.ps1 -FetchOptions -Folder E:\

.EXAMPLE
./Enroll.ps1 -Register -Key K1, K2 -Folder E:\

.EXAMPLE
./Enroll.ps1 -SetPassword bg1 -Set bg1-pw2 -Folder E:\
#>
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
param(
    [Parameter(Mandatory = $true, ParameterSetName = 'Options')]
    [switch] $FetchOptions,

    [Parameter(Mandatory = $true, ParameterSetName = 'Register')]
    [switch] $Register,

    [Parameter(Mandatory = $true, ParameterSetName = 'Password')]
    [string] $SetPassword,

    [Parameter(Mandatory = $true, ParameterSetName = 'Password')]
    [string] $Set,

    [Parameter(ParameterSetName = 'Options')]
    [Parameter(ParameterSetName = 'Register')]
    [string[]] $Key = @(),

    [Parameter(ParameterSetName = 'Options')]
    [ValidateRange(5, 43200)]
    [int] $ChallengeTimeoutInMinutes = 720,

    [string] $Folder = '.'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# --- From the register

$Rehearsal = $true
$Accounts = @()

# --- Files: whole or not at all, UTF-8 without a byte order mark in Windows PowerShell as well

$Format = 'keyvault-kit/evidence/v1'
$Utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false

function Save-Text {
    [CmdletBinding()]
    param([string] $Path, [string] $Text)

    $half = "$Path.half"
    [System.IO.File]::WriteAllText($half, $Text, $Utf8)
    if (Test-Path -LiteralPath $Path) {
        [System.IO.File]::Replace($half, $Path, [NullString]::Value)
    }
    else {
        [System.IO.File]::Move($half, $Path)
    }
}

function Get-UtcText {
    # PowerShell 7 makes dates of what looks like one, Windows PowerShell does not.
    [CmdletBinding()]
    param($Time)

    if ($Time -isnot [DateTime]) {
        return [string] $Time
    }
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    return $Time.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', $invariant)
}

# --- Evidence: what was tried, and what the tenant answered

function Read-Attempts {
    [CmdletBinding()]
    param()

    if (-not (Test-Path -LiteralPath $EvidenceFile)) {
        return
    }
    $file = [System.IO.File]::ReadAllText($EvidenceFile, $Utf8) | ConvertFrom-Json
    if ($file.format -ne $Format) {
        throw "$EvidenceFile is no evidence file of this script. Move it away."
    }
    if ($file.tenantId -ne $TenantId) {
        throw "$EvidenceFile is about tenant $($file.tenantId), and this is $TenantId. Use another folder."
    }
    foreach ($it in $file.events) {
        $it.time = Get-UtcText -Time $it.time
        $it
    }
}

function Add-Attempt {
    [CmdletBinding()]
    param($Attempt)

    $Attempt.time = Get-UtcText -Time ([DateTime]::UtcNow)
    $all = @(Read-Attempts) + @([pscustomobject] $Attempt)
    $file = [ordered]@{ format = $Format; tenantId = $TenantId; events = $all }
    Save-Text -Path $EvidenceFile -Text (ConvertTo-Json -InputObject $file -Depth 4)
    $did = 'done'
    if (-not $Attempt.ok) {
        $did = "REFUSED: $($Attempt.error)"
    }
    Write-Host "$($Attempt.action) $($Attempt.account) $($Attempt.key): $did"
}

function Get-Attempt {
    [CmdletBinding()]
    param([string] $Action, $Account, $Key)

    [ordered]@{
        time         = $null
        action       = $Action
        account      = $Account.Upn
        objectId     = $Account.ObjectId
        key          = $Key
        set          = $null
        ok           = $false
        methodId     = $null
        aaGuid       = $null
        answerSha256 = $null
        error        = $null
    }
}

function Get-UserUri {
    [CmdletBinding()]
    param($Account)

    $id = $Account.Upn
    if ($Account.ObjectId) {
        $id = $Account.ObjectId
    }
    return "/beta/users/$([uri]::EscapeDataString($id))"
}

# --- Leg one: creation options

function Save-Options {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    param($Account, [string] $Key)

    $name = "options-$Key.json"
    if (-not $PSCmdlet.ShouldProcess("$($Account.Upn), key $Key", "Fetch options into $name")) {
        return
    }
    $attempt = Get-Attempt -Action 'creationOptions' -Account $Account -Key $Key
    $lasts = "challengeTimeoutInMinutes=$ChallengeTimeoutInMinutes"
    $uri = "$(Get-UserUri -Account $Account)/authentication/fido2Methods/creationOptions($lasts)"
    try {
        $text = Invoke-MgGraphRequest -Method GET -Uri $uri -OutputType Json
        Save-Text -Path (Join-Path -Path $Folder -ChildPath $name) -Text $text
        $attempt.ok = $true
    }
    catch {
        $attempt.error = [string] $_.Exception.Message
    }
    Add-Attempt -Attempt $attempt
}

# --- Leg three: the answers of the keys

function Get-Sha256 {
    [CmdletBinding()]
    param([byte[]] $Bytes)

    $algorithm = [System.Security.Cryptography.SHA256]::Create()
    try {
        $digest = [BitConverter]::ToString($algorithm.ComputeHash($Bytes))
    }
    finally {
        $algorithm.Dispose()
    }
    return $digest.Replace('-', '').ToLowerInvariant()
}

function Register-Passkey {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param($Account, [string] $Key)

    $name = "registration-$Key.json"
    $path = Join-Path -Path $Folder -ChildPath $name
    if (-not (Test-Path -LiteralPath $path)) {
        Write-Warning "There is no $name in $Folder."
        return
    }
    # Read once: what was compared with the paper is what is sent.
    $bytes = [System.IO.File]::ReadAllBytes($path)
    $hash = Get-Sha256 -Bytes $bytes
    $before = @(Read-Attempts | Where-Object { $_.ok -and $_.answerSha256 -eq $hash })
    if ($before.Count -gt 0) {
        Write-Host "$name was registered already."
        return
    }
    if (-not $PSCmdlet.ShouldProcess("$($Account.Upn), key $Key", "Register $name")) {
        return
    }
    $typed = Read-Host -Prompt "SHA-256 of $name, from the paper; blanks do not matter"
    if (($typed -replace '\s', '') -ne $hash) {
        Write-Warning "$name is not the file on the paper. It was not sent: report that at once."
        return
    }
    $attempt = Get-Attempt -Action 'register' -Account $Account -Key $Key
    $attempt.answerSha256 = $hash
    $uri = "$(Get-UserUri -Account $Account)/authentication/fido2Methods"
    try {
        $made = Invoke-MgGraphRequest -Method POST -Uri $uri -Body $bytes `
            -ContentType 'application/json' -OutputType HashTable
        $attempt.ok = $true
        $attempt.methodId = $made['id']
        $attempt.aaGuid = $made['aaGuid']
    }
    catch {
        $attempt.error = [string] $_.Exception.Message
    }
    Add-Attempt -Attempt $attempt
}

# --- A password from two halves

function Assert-Unrecorded {
    # Nothing that is typed or sent may be kept: no transcript, no debugging output.
    [CmdletBinding()]
    param()

    $recorded = $true
    try {
        $null = Stop-Transcript
    }
    catch {
        $recorded = $false
    }
    if ($recorded) {
        throw 'A transcript was running, and was stopped. Begin again: nothing was typed yet.'
    }
    $policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\Transcription'
    if ((Test-Path -Path $policy) -and (Get-Item -Path $policy).GetValue('EnableTranscripting')) {
        throw 'A policy has everything transcribed on this machine. Use another one.'
    }
    if ($DebugPreference -ne 'SilentlyContinue') {
        throw 'Debugging output is on. Turn it off first.'
    }
}

function ConvertTo-Body {
    # The body of the request, in bytes that can be overwritten. Each character stands there by its
    # number, so that none needs quoting, and no string with the whole is ever made.
    [CmdletBinding()]
    param([securestring] $First, [securestring] $Second)

    $head = $Utf8.GetBytes('{"passwordProfile":{"forceChangePasswordNextSignIn":false,"password":"')
    $tail = $Utf8.GetBytes('"}}')
    $digits = $Utf8.GetBytes('0123456789abcdef')
    $size = $head.Length + 6 * ($First.Length + $Second.Length) + $tail.Length
    $body = New-Object -TypeName 'byte[]' -ArgumentList $size
    [Array]::Copy($head, $body, $head.Length)
    $at = $head.Length
    foreach ($half in $First, $Second) {
        $pointer = [System.Runtime.InteropServices.Marshal]::SecureStringToBSTR($half)
        try {
            for ($i = 0; $i -lt $half.Length; $i++) {
                $unit = [System.Runtime.InteropServices.Marshal]::ReadInt16($pointer, 2 * $i)
                $body[$at] = 0x5c
                $body[$at + 1] = 0x75
                for ($digit = 0; $digit -lt 4; $digit++) {
                    $value = (($unit -band 0xffff) -shr (12 - 4 * $digit)) -band 0xf
                    $body[$at + 2 + $digit] = $digits[$value]
                }
                $at += 6
            }
        }
        finally {
            [System.Runtime.InteropServices.Marshal]::ZeroFreeBSTR($pointer)
        }
    }
    [Array]::Copy($tail, 0, $body, $at, $tail.Length)
    return , $body
}

function Get-HalfCheck {
    # Four digits that tell whether a half was typed as it is shown on the station: of SHA-256 over
    # its UTF-16. What is hashed is overwritten at once.
    [CmdletBinding()]
    param([securestring] $Half)

    $bytes = New-Object -TypeName 'byte[]' -ArgumentList (2 * $Half.Length)
    $pointer = [System.Runtime.InteropServices.Marshal]::SecureStringToBSTR($Half)
    $hash = [System.Security.Cryptography.SHA256]::Create()
    try {
        [System.Runtime.InteropServices.Marshal]::Copy($pointer, $bytes, 0, $bytes.Length)
        $sum = $hash.ComputeHash($bytes)
        return '{0:X2}{1:X2}' -f $sum[0], $sum[1]
    }
    finally {
        [System.Runtime.InteropServices.Marshal]::ZeroFreeBSTR($pointer)
        [Array]::Clear($bytes, 0, $bytes.Length)
        $hash.Dispose()
    }
}

function Copy-WithoutBlank {
    # A half without the blanks that the station shows between its groups, if they were typed.
    [CmdletBinding()]
    param([securestring] $Half)

    $kept = New-Object -TypeName 'securestring'
    $pointer = [System.Runtime.InteropServices.Marshal]::SecureStringToBSTR($Half)
    try {
        for ($i = 0; $i -lt $Half.Length; $i++) {
            $unit = [System.Runtime.InteropServices.Marshal]::ReadInt16($pointer, 2 * $i) -band 0xffff
            if ($unit -ne 0x20) {
                $kept.AppendChar([char] $unit)
            }
        }
    }
    finally {
        [System.Runtime.InteropServices.Marshal]::ZeroFreeBSTR($pointer)
    }
    return $kept
}

function Read-Half {
    # A half that agrees with its check: one that was mistyped would be a password that no paper has.
    [CmdletBinding()]
    param([string] $Prompt)

    for ($try = 1; $try -le 3; $try++) {
        $typed = Read-Host -AsSecureString -Prompt $Prompt
        $check = (Read-Host -Prompt 'Its check, as the station shows it').Trim().ToUpperInvariant()
        if ($typed.Length -gt 0 -and (Get-HalfCheck -Half $typed) -eq $check) {
            return $typed
        }
        $bare = Copy-WithoutBlank -Half $typed
        $typed.Dispose()
        if ($bare.Length -gt 0 -and (Get-HalfCheck -Half $bare) -eq $check) {
            return $bare
        }
        $bare.Dispose()
        Write-Warning -Message 'The half and its check do not agree. Nothing was sent: type both again.'
    }
    throw 'A half did not agree with its check in three tries. Nothing was sent to the tenant.'
}

function Set-AccountPassword {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param($Account, [string] $Set)

    if (-not $PSCmdlet.ShouldProcess($Account.Upn, "Set the password $Set from two halves")) {
        return
    }
    Assert-Unrecorded
    $attempt = Get-Attempt -Action 'setPassword' -Account $Account -Key $null
    $attempt.set = $Set
    $first = Read-Half -Prompt 'First officer, alone at the keyboard: half 1'
    try {
        $second = Read-Half -Prompt 'Second officer, alone at the keyboard: half 2'
    }
    catch {
        $first.Dispose()
        throw
    }
    $body = $null
    try {
        $body = ConvertTo-Body -First $first -Second $second
        $uri = Get-UserUri -Account $Account
        $null = Invoke-MgGraphRequest -Method PATCH -Uri $uri -Body $body `
            -ContentType 'application/json' -Debug:$false -Verbose:$false
        $attempt.ok = $true
    }
    catch {
        $attempt.error = [string] $_.Exception.Message
    }
    finally {
        if ($null -ne $body) {
            [Array]::Clear($body, 0, $body.Length)
        }
        $first.Dispose()
        $second.Dispose()
    }
    Add-Attempt -Attempt $attempt
}

# --- What is wanted

if ($Rehearsal) {
    throw 'This script is of a REHEARSAL. It talks to no tenant.'
}
$Folder = (Resolve-Path -LiteralPath $Folder).ProviderPath
$EvidenceFile = Join-Path -Path $Folder -ChildPath 'evidence.json'
$context = Get-MgContext
if ($null -eq $context) {
    throw 'Connect first: Connect-MgGraph. Get-Help ./Enroll.ps1 says with which scopes.'
}
$TenantId = $context.TenantId

if ($PSCmdlet.ParameterSetName -eq 'Password') {
    $named = @($Accounts | Where-Object { $_.Account -eq $SetPassword })
    if ($named.Count -ne 1) {
        throw "The register has no account $SetPassword."
    }
    if ($Set -notmatch "^$([regex]::Escape($SetPassword))-pw[0-9]+$") {
        throw "$Set is no set of a password of $SetPassword. Type it as the station shows it."
    }
    Set-AccountPassword -Account $named[0] -Set $Set
    return
}

$known = @($Accounts | ForEach-Object { $_.Tags })
foreach ($tag in $Key) {
    if ($known -notcontains $tag) {
        throw "The register has no key $tag for an account. Write the script anew, with that key."
    }
}
foreach ($account in $Accounts) {
    foreach ($tag in $account.Tags) {
        if ($Key.Count -gt 0 -and $Key -notcontains $tag) {
            continue
        }
        if ($FetchOptions) {
            Save-Options -Account $account -Key $tag
        }
        else {
            Register-Passkey -Account $account -Key $tag
        }
    }
}
