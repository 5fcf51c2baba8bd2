#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication
<#
.SYNOPSIS
Exports what the tenant says of the emergency access accounts into a folder, and changes nothing.

.DESCRIPTION
Every answer of Microsoft Graph and Azure is written as it came, page by page. What cannot be read
stands in manifest.json with the reason, and the rest goes on: the kit then says that it is unknown.
Carry the whole folder to the station: keyvault entra check FOLDER.

It is evidence for S1 to S27, S44 to S53, S57, S58 and S65. The folder holds names, addresses and
sign-ins: treat it as personal data, and delete it when it was entered.

Connect first, in the same window, with an account of your own and never with an emergency account;
Global Reader is enough at the tenant:

  Connect-MgGraph -NoWelcome -Scopes User.Read.All, GroupMember.Read.All, Policy.Read.All,
      RoleManagement.Read.Directory, UserAuthenticationMethod.Read.All, AuditLog.Read.All,
      Domain.Read.All, Organization.Read.All
  Connect-AzAccount            (for the logs and alerts alone; module Az.Accounts)

.PARAMETER Out
Folder that it writes to; it must not exist yet.

.PARAMETER AccountId
Object ids or sign-in names of the emergency access accounts; those of the register by default.

.PARAMETER SubscriptionId
Subscriptions of Azure with the workspace, the alerts and the action groups; none is read without.

.PARAMETER Days
How far back the logs are read, in days. The tenant keeps 30 with P1 or P2, and 7 without.

.EXAMPLE
./Export-Evidence.ps1 -Out E:\evidence -SubscriptionId 11111111-2222-3333-4444-555555555555
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)]
    [string] $Out,

    [string[]] $AccountId = @(),

    [string[]] $SubscriptionId = @(),

    [ValidateRange(1, 90)]
    [int] $Days = 30
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$graph = 'https://graph.microsoft.com'
$failed = New-Object System.Collections.Generic.List[string]
$began = [DateTime]::UtcNow

function Write-Text {
    param([string] $Name, [string] $Text)
    $file = Join-Path $Out $Name
    $null = New-Item -ItemType Directory -Force -Path (Split-Path -Parent $file)
    # UTF-8 without a byte order mark, in Windows PowerShell as well.
    [System.IO.File]::WriteAllText($file, $Text, (New-Object System.Text.UTF8Encoding($false)))
}

function Get-Next {
    # Where the next page is; found as text, since ConvertFrom-Json of 5.1 takes 2 MB at most.
    param([string] $Text)
    $found = [regex]::Match($Text, '"(?:@odata\.)?nextLink"\s*:\s*"([^"]+)"')
    if ($found.Success) { [regex]::Unescape($found.Groups[1].Value.Replace('\/', '/')) }
}

function Save-Pages {
    # Every page of an answer, as it comes; the first is returned. What fails is noted.
    param([string] $Name, [string] $Uri, [scriptblock] $Read)
    $first = $null
    $page = 0
    $next = $Uri
    try {
        while ($next) {
            $page++
            $text = & $Read $next
            Write-Text -Name "$Name-$page.json" -Text $text
            if ($page -eq 1) { $first = $text }
            $next = Get-Next -Text $text
        }
    }
    catch {
        $failed.Add("$Name`: $($_.Exception.Message)")
        Write-Warning "$Name cannot be read: $($_.Exception.Message)"
    }
    $first
}

function Save-Graph {
    param([string] $Name, [string] $Uri)
    Save-Pages -Name $Name -Uri "$graph/$Uri" -Read {
        param($it)
        $headers = @{ ConsistencyLevel = 'eventual' }
        Invoke-MgGraphRequest -Method GET -Uri $it -Headers $headers -OutputType Json
    }
}

function Save-Azure {
    param([string] $Name, [string] $Uri)
    $null = Save-Pages -Name $Name -Uri "https://management.azure.com/$Uri" -Read {
        param($it)
        $answer = Invoke-AzRestMethod -Method GET -Uri $it
        if ($answer.StatusCode -ne 200) { throw "$($answer.StatusCode) $($answer.Content)" }
        $answer.Content
    }
}

function Get-Ids {
    # The ids of the groups in an answer.
    param([string] $Text)
    foreach ($it in ($Text | ConvertFrom-Json).value) {
        if ($it.'@odata.type' -eq '#microsoft.graph.group') { $it.id }
    }
}

function Save-Account {
    # What there is about one account; the ids of its groups are returned.
    param([string] $Account)
    $name = [uri]::EscapeDataString($Account)
    $fields = 'id,userPrincipalName,displayName,userType,accountEnabled,createdDateTime,' +
        'onPremisesSyncEnabled,assignedLicenses,passwordPolicies,authorizationInfo'
    $user = Save-Graph -Name "users/$Account/user" -Uri "v1.0/users/${name}?`$select=$fields"
    if (-not $user) { return }
    $id = ($user | ConvertFrom-Json).id
    $folder = "users/$id"
    $null = Save-Graph -Name "$folder/methods" -Uri "beta/users/$id/authentication/methods"
    $null = Save-Graph -Name "$folder/requirements" -Uri "beta/users/$id/authentication/requirements"

    $since = $began.AddDays(-$Days).ToString('yyyy-MM-ddTHH:mm:ssZ')
    foreach ($kind in 'interactive', 'nonInteractive') {
        $filter = "userId eq '$id' and createdDateTime ge $since and " +
            "signInEventTypes/any(t: t eq '${kind}User')"
        $uri = "beta/auditLogs/signIns?`$filter=$([uri]::EscapeDataString($filter))"
        $null = Save-Graph -Name "$folder/signIns-$kind" -Uri $uri
    }
    $filter = "targetResources/any(t: t/id eq '$id') and activityDateTime ge $since"
    $uri = "v1.0/auditLogs/directoryAudits?`$filter=$([uri]::EscapeDataString($filter))"
    $null = Save-Graph -Name "$folder/directoryAudits" -Uri $uri

    $groups = Save-Graph -Name "$folder/transitiveMemberOf" -Uri "v1.0/users/$id/transitiveMemberOf?`$top=999"
    if ($groups) { Get-Ids -Text $groups }
}

if (-not $AccountId) { throw 'Name the accounts with -AccountId: the register has none.' }
if (Test-Path -LiteralPath $Out) { throw "$Out exists already: name a new folder." }
$context = Get-MgContext
if (-not $context) { throw 'Connect first: Connect-MgGraph; see Get-Help ./Export-Evidence.ps1.' }
$null = New-Item -ItemType Directory -Path $Out
$Out = (Resolve-Path -LiteralPath $Out).ProviderPath

$groups = @($AccountId | ForEach-Object { Save-Account -Account $_ } | Sort-Object -Unique)
foreach ($group in $groups) {
    $null = Save-Graph -Name "groups/$group/group" -Uri "v1.0/groups/$group"
    $null = Save-Graph -Name "groups/$group/transitiveMembers" `
        -Uri "v1.0/groups/$group/transitiveMembers?`$select=id&`$top=999"
}

$wanted = [ordered]@{
    'domains'                                        = 'v1.0/domains'
    'subscribedSkus'                                 = 'v1.0/subscribedSkus'
    'roles/roleAssignments'                          = 'v1.0/roleManagement/directory/roleAssignments'
    'roles/roleAssignmentScheduleInstances'          = 'v1.0/roleManagement/directory/roleAssignmentScheduleInstances'
    'roles/roleEligibilityScheduleInstances'         = 'v1.0/roleManagement/directory/roleEligibilityScheduleInstances'
    'conditionalAccess/policies'                     = 'beta/identity/conditionalAccess/policies'
    'conditionalAccess/namedLocations'               = 'v1.0/identity/conditionalAccess/namedLocations'
    'policies/authenticationStrengthPolicies'        = 'v1.0/policies/authenticationStrengthPolicies'
    'policies/authenticationMethodConfigurations/fido2' = 'beta/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/fido2'
    'policies/authorizationPolicy'                   = 'v1.0/policies/authorizationPolicy'
}
foreach ($name in $wanted.Keys) { $null = Save-Graph -Name $name -Uri $wanted[$name] }

if ($SubscriptionId) {
    Save-Azure -Name 'azure/diagnosticSettings' `
        -Uri 'providers/microsoft.aadiam/diagnosticSettings?api-version=2017-04-01'
}
foreach ($it in $SubscriptionId) {
    $insights = "subscriptions/$it/providers/Microsoft.Insights"
    Save-Azure -Name "azure/$it/scheduledQueryRules" `
        -Uri "$insights/scheduledQueryRules?api-version=2021-08-01"
    Save-Azure -Name "azure/$it/actionGroups" -Uri "$insights/actionGroups?api-version=2021-09-01"
}

$manifest = [ordered]@{
    format   = 'keyvault-kit/tenant-export/v1'
    tenantId = $context.TenantId
    taken    = $began.ToString('yyyy-MM-ddTHH:mm:ssZ')
    accounts = @($AccountId)
    days     = $Days
    failed   = @($failed)
}
Write-Text -Name 'manifest.json' -Text (ConvertTo-Json -InputObject $manifest -Depth 3)
Write-Host "Written to $Out. Not read: $($failed.Count)."
