#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication
<#
.SYNOPSIS
Makes at the tenant what stands in this folder, step by step, and writes down what it did.

.DESCRIPTION
Walks requests.json in order, and deploys the templates in azure/ (step 9). Asks before each change;
-WhatIf shows all of it and changes nothing. What is there already, by its name, is not made again,
so it can be run as often as needed. Ids that the tenant gives go where later requests need them.

What was done stands in deployed.json, an evidence file: carry it back and import it. Rollback.ps1
reads it too, and takes back what was made and nothing else.

Connect first, in the same window, with an account of your own and never with an emergency account:

  Connect-MgGraph -NoWelcome -Scopes Organization.Read.All, Group.ReadWrite.All,
      RoleManagement.ReadWrite.Directory, User.ReadWrite.All, Policy.Read.All,
      Policy.ReadWrite.ConditionalAccess, Policy.ReadWrite.AuthenticationMethod,
      Policy.ReadWrite.Authorization
  Connect-AzAccount            (for step 9 alone; module Az)

Serves S8, S12, S22, S24, S26, S44, S45, S46, S47, S48, S49 and S50; each request and each file
names its own.

.PARAMETER Step
Which of the twelve steps to do; all that have something to do where none is named.

.PARAMETER WorkspaceResourceId
The Log Analytics workspace that gets the logs, by its resource id; needed for step 9. The alerts
are put into its resource group.

.PARAMETER Email
Whom alerts tell by mail.

.PARAMETER Sms
Whom alerts tell by text message, as country code and number: 49:15112345678.

.PARAMETER Push
Whom alerts tell in the Azure app, by the mail address of its user.

.PARAMETER Voice
Whom alerts call, as country code and number.

.PARAMETER Rollback
Walks rollback/requests.json instead. Rollback.ps1 does that.

.EXAMPLE
./Deploy.ps1 -WhatIf

.EXAMPLE
./Deploy.ps1 -Step 1, 2
#>
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
param(
    [ValidateRange(1, 12)]
    [int[]] $Step = 1..12,

    [ValidatePattern('^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.OperationalInsights/workspaces/[^/]+$')]
    [string] $WorkspaceResourceId,

    [string[]] $Email = @(),

    [ValidatePattern('^[0-9]{1,3}:[0-9]+$')]
    [string[]] $Sms = @(),

    [string[]] $Push = @(),

    [ValidatePattern('^[0-9]{1,3}:[0-9]+$')]
    [string[]] $Voice = @(),

    [switch] $Rollback
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$InformationPreference = 'Continue'

$Folder = $PSScriptRoot
$Utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
$EvidenceFile = Join-Path -Path $Folder -ChildPath 'deployed.json'
$Tries = 6
$SecondsBetween = 15

# --- Files

function Get-FolderText {
    [CmdletBinding()]
    param([string] $Name)

    $path = Join-Path -Path $Folder -ChildPath $Name
    $text = [System.IO.File]::ReadAllText($path, $Utf8)
    if ($text.Contains('REHEARSAL')) {
        throw "$Name is of a rehearsal. No tenant takes any of it."
    }
    return $text
}

function Get-Property {
    [CmdletBinding()]
    param($From, [string] $Name)

    if ($null -eq $From) {
        return $null
    }
    $found = $From.PSObject.Properties[$Name]
    if ($null -eq $found) {
        return $null
    }
    return $found.Value
}

# --- What was done: the evidence file, and the ids that it holds

function Get-Earlier {
    [CmdletBinding()]
    param([string] $TenantId)

    if (-not (Test-Path -LiteralPath $EvidenceFile)) {
        return @()
    }
    $earlier = [System.IO.File]::ReadAllText($EvidenceFile, $Utf8) | ConvertFrom-Json
    if ($earlier.tenantId -ne $TenantId) {
        throw "deployed.json is about tenant $($earlier.tenantId), and this is $TenantId. Use the folder that was made for it."
    }
    return @($earlier.events)
}

function Get-Token {
    [CmdletBinding()]
    param([string] $Name)

    # The newest counts: what was taken back and made anew has another id.
    $held = @($Events | Where-Object { $_.ok -and (Get-Property -From $_ -Name 'token') -eq $Name })
    if ($held.Count -eq 0) {
        return $null
    }
    return $held[-1]
}

function Add-Event {
    [CmdletBinding()]
    param([string] $Request, [bool] $Ok, [string] $Token, [string] $Id, [bool] $Created, [string] $Problem)

    $script:Events += [pscustomobject] @{
        time    = [datetime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
        action  = $(if ($Rollback) { 'rollback' } else { 'deploy' })
        account = ''
        ok      = $Ok
        request = $Request
        token   = $Token
        id      = $Id
        created = $Created
        error   = $(if ($Problem) { $Problem } else { $null })
    }
    if ($WhatIfPreference) {
        return
    }
    $file = [ordered] @{
        format   = 'keyvault-kit/evidence/v1'
        tenantId = $TenantId
        events   = @($script:Events)
    }
    $half = "$EvidenceFile.half"
    [System.IO.File]::WriteAllText($half, ($file | ConvertTo-Json -Depth 6), $Utf8)
    Move-Item -LiteralPath $half -Destination $EvidenceFile -Force -Confirm:$false
}

function Get-Filled {
    [CmdletBinding()]
    param([string] $Text)

    foreach ($match in [regex]::Matches($Text, '\{\{([a-z0-9_]+)\}\}')) {
        $held = Get-Token -Name $match.Groups[1].Value
        if ($held -and $held.id) {
            $Text = $Text.Replace($match.Value, $held.id)
        } elseif (-not $WhatIfPreference) {
            throw "Nothing has given $($match.Value) yet. Do the earlier steps first."
        }
    }
    return $Text
}

# --- Microsoft Graph

function Invoke-Graph {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param([string] $Method, [string] $Uri, [string] $Body, [string] $About)

    if ($Method -ne 'GET' -and -not $PSCmdlet.ShouldProcess("$Method $Uri", $About)) {
        return $null
    }
    $request = @{
        Method             = $Method
        Uri                = $Uri
        OutputType         = 'PSObject'
        SkipHttpErrorCheck = $true
        StatusCodeVariable = 'status'
    }
    if ($Body) {
        $request.Body = $Body
        $request.ContentType = 'application/json; charset=utf-8'
    }
    # What was made a moment ago is not known everywhere at once.
    for ($try = 1; $try -le $Tries; $try++) {
        $status = 0
        $answer = Invoke-MgGraphRequest @request
        $result = [pscustomobject] @{ Status = [int] $status; Answer = $answer }
        if ($result.Status -ne 404 -or $Method -eq 'DELETE' -or $try -eq $Tries) {
            return $result
        }
        Write-Warning -Message "$Method ${Uri}: not known at the tenant yet; again in $SecondsBetween seconds."
        Start-Sleep -Seconds $SecondsBetween
    }
}

function Get-Problem {
    [CmdletBinding()]
    param($Result)

    $told = Get-Property -From $Result.Answer -Name 'error'
    return "HTTP $($Result.Status): $(Get-Property -From $told -Name 'code') $(Get-Property -From $told -Name 'message')"
}

function Find-Existing {
    [CmdletBinding()]
    param($Find)

    $uri = $Endpoint + (Get-Filled -Text $Find.url)
    $wanted = Get-Filled -Text $Find.value
    if ($uri.Contains('{{') -or $wanted.Contains('{{')) {
        return $null
    }
    $found = @()
    while ($uri) {
        $page = Invoke-Graph -Method GET -Uri $uri
        if ($page.Status -ge 400) {
            throw "It cannot be seen whether it is there already. $(Get-Problem -Result $page)"
        }
        $found += @(Get-Property -From $page.Answer -Name 'value') | Where-Object {
            (Get-Property -From $_ -Name $Find.property) -eq $wanted
        }
        $uri = Get-Property -From $page.Answer -Name '@odata.nextLink'
    }
    if (@($found).Count -gt 1) {
        throw "The tenant has $(@($found).Count) whose $($Find.property) is '$wanted'. Look which is meant, and rename the others."
    }
    return @($found) | Select-Object -First 1
}

function Send-Request {
    [CmdletBinding()]
    param($Request)

    $uri = $Endpoint + (Get-Filled -Text $Request.url)
    $file = Get-Property -From $Request -Name 'file'
    $body = $(if ($file) { Get-Filled -Text (Get-FolderText -Name $file) } else { '' })
    return Invoke-Graph -Method $Request.method -Uri $uri -Body $body -About $Request.about
}

function Complete-Request {
    [CmdletBinding()]
    param($Request)

    $name = $Request.name
    $find = Get-Property -From $Request -Name 'find'
    $existing = $(if ($find) { Find-Existing -Find $find } else { $null })
    if ($existing) {
        Add-Found -Request $Request -Id ([string] (Get-Property -From $existing -Name 'id'))
        Write-Information -MessageData "${name}: there already."
        return
    }
    $result = Send-Request -Request $Request
    if ($null -eq $result) {
        return
    }
    $gone = $Request.method -eq 'DELETE' -and $result.Status -eq 404
    if ($result.Status -ge 400 -and -not $gone) {
        $problem = Get-Problem -Result $result
        Add-Event -Request $name -Ok $false -Problem $problem
        throw "${name} failed. $problem"
    }
    Add-Answer -Request $Request -Answer $result.Answer
    Write-Information -MessageData "${name}: done."
}

function Add-Found {
    [CmdletBinding()]
    param($Request, [string] $Id)

    # What was made here earlier is still what was made here.
    $token = [string] (Get-Property -From $Request -Name 'gives')
    $held = Get-Token -Name $token
    if ($token -and -not ($held -and $held.id -eq $Id)) {
        Add-Event -Request $Request.name -Ok $true -Token $token -Id $Id -Created $false
    }
}

function Add-Answer {
    [CmdletBinding()]
    param($Request, $Answer)

    if ($Rollback) {
        # The id of what was taken back stands for nothing any more.
        $token = [string] (Get-Property -From $Request -Name 'created')
        Add-Event -Request $Request.name -Ok $true -Token $token -Id '' -Created $false
        return
    }
    $token = [string] (Get-Property -From $Request -Name 'gives')
    $id = [string] (Get-Property -From $Answer -Name 'id')
    if ($token -and -not $id) {
        $id = [string] $Request.find.value
    }
    Add-Event -Request $Request.name -Ok $true -Token $token -Id $id -Created ($token -ne '')
}

function Test-Wanted {
    [CmdletBinding()]
    param($Request)

    if ($Step -notcontains $Request.step) {
        return $false
    }
    $needed = [string] (Get-Property -From $Request -Name 'created')
    if (-not $needed) {
        return $true
    }
    $held = Get-Token -Name $needed
    if ($held -and $held.created) {
        return $true
    }
    Write-Information -MessageData "$($Request.name): was not made here, and is left alone."
    return $false
}

# --- Azure

function Get-Receivers {
    [CmdletBinding()]
    param()

    $phones = {
        param($numbers, $word)
        $at = 0
        foreach ($number in $numbers) {
            $at++
            $country, $local = $number.Split(':')
            @{ name = "$word-$at"; countryCode = $country; phoneNumber = $local }
        }
    }
    $at = 0
    $mails = @(foreach ($address in $Email) { $at++; @{ name = "mail-$at"; emailAddress = $address; useCommonAlertSchema = $true } })
    $at = 0
    $pushes = @(foreach ($address in $Push) { $at++; @{ name = "push-$at"; emailAddress = $address } })
    return @{
        emailReceivers        = $mails
        smsReceivers          = @(& $phones $Sms 'sms')
        azureAppPushReceivers = $pushes
        voiceReceivers        = @(& $phones $Voice 'voice')
    }
}

function Set-DiagnosticSetting {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param()

    # Asked directly: a deployment for the whole tenant needs rights that nobody should have.
    $text = Get-FolderText -Name 'azure/diagnostic-setting.json'
    $filled = $text.Replace("[parameters('workspaceResourceId')]", $WorkspaceResourceId)
    $resource = @(($filled | ConvertFrom-Json).resources)[0]
    $path = "/providers/$($resource.type)/$($resource.name)?api-version=$($resource.apiVersion)"
    if (-not $PSCmdlet.ShouldProcess($path, 'Send the logs to the workspace')) {
        return
    }
    $payload = @{ properties = $resource.properties } | ConvertTo-Json -Depth 8
    $result = Invoke-AzRestMethod -Path $path -Method PUT -Payload $payload
    $ok = $result.StatusCode -lt 400
    $problem = $(if ($ok) { '' } else { "HTTP $($result.StatusCode): $($result.Content)" })
    Add-Event -Request 'azure/diagnostic-setting' -Ok $ok -Problem $problem
    if (-not $ok) {
        throw "The diagnostic setting failed. $problem"
    }
}

function Publish-Template {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param([string] $Name, [string] $ResourceGroup, [hashtable] $Parameters)

    $text = Get-Filled -Text (Get-FolderText -Name "azure/$Name.json")
    if (-not $PSCmdlet.ShouldProcess("resource group $ResourceGroup", "Deploy azure/$Name.json")) {
        return
    }
    $file = Join-Path -Path $Folder -ChildPath "azure/$Name.filled.json"
    [System.IO.File]::WriteAllText($file, $text, $Utf8)
    try {
        $null = New-AzResourceGroupDeployment -Name "keyvault-kit-$Name" -ResourceGroupName $ResourceGroup -TemplateFile $file -TemplateParameterObject $Parameters -Confirm:$false
        Add-Event -Request "azure/$Name" -Ok $true
    } catch {
        Add-Event -Request "azure/$Name" -Ok $false -Problem $_.Exception.Message
        throw
    } finally {
        Remove-Item -LiteralPath $file -Confirm:$false
    }
}

function Publish-Monitoring {
    [CmdletBinding()]
    param()

    if (-not $WorkspaceResourceId) {
        Write-Warning -Message 'Step 9 is left out: name the workspace with -WorkspaceResourceId.'
        return
    }
    $receivers = Get-Receivers
    if (@($receivers.Values | ForEach-Object { $_ }).Count -eq 0) {
        throw 'The alerts would tell nobody. Name somebody with -Email, -Sms, -Push or -Voice.'
    }
    $azure = Get-AzContext
    if (-not $azure -or $azure.Tenant.Id -ne $TenantId) {
        throw "Az is not connected to tenant $TenantId. Run Connect-AzAccount -Tenant $TenantId."
    }
    $null, $null, $subscription, $null, $group = $WorkspaceResourceId.Split('/')[0..4]
    $null = Set-AzContext -Subscription $subscription -WhatIf:$false -Confirm:$false
    $answer = Invoke-AzRestMethod -Method GET -Path "${WorkspaceResourceId}?api-version=2022-10-01"
    if ($answer.StatusCode -ge 400) {
        throw "The workspace cannot be read. HTTP $($answer.StatusCode): $($answer.Content)"
    }
    Set-DiagnosticSetting
    Publish-Template -Name 'action-group' -ResourceGroup $group -Parameters $receivers
    $name = @((Get-FolderText -Name 'azure/action-group.json' | ConvertFrom-Json).resources)[0].name
    Publish-Template -Name 'alert-rules' -ResourceGroup $group -Parameters @{
        workspaceResourceId = $WorkspaceResourceId
        actionGroupId       = "/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Insights/actionGroups/$name"
        location            = ($answer.Content | ConvertFrom-Json).location
    }
}

# --- The tenant

function Assert-Tenant {
    [CmdletBinding()]
    param($Accounts)

    if (-not (Get-MgContext)) {
        throw 'Nobody is connected to Microsoft Graph. Get-Help ./Deploy.ps1 shows how.'
    }
    $result = Invoke-Graph -Method GET -Uri "$Endpoint/v1.0/organization?`$select=id,verifiedDomains"
    if ($result.Status -ge 400) {
        throw "The tenant cannot be read. $(Get-Problem -Result $result)"
    }
    $tenant = @($result.Answer.value)[0]
    $domains = @($tenant.verifiedDomains | ForEach-Object { $_.name })
    foreach ($account in @($Accounts.PSObject.Properties | ForEach-Object { $_.Name })) {
        if ($domains -notcontains $account.Split('@')[-1]) {
            throw "This folder was made for another tenant: $account is not of tenant $($tenant.id)."
        }
    }
    return [string] $tenant.id
}

# --- All of it

$ListName = $(if ($Rollback) { 'rollback/requests.json' } else { 'requests.json' })
$List = Get-FolderText -Name $ListName | ConvertFrom-Json
if ($List.format -ne 'keyvault-kit/requests/v1') {
    throw "$ListName is not a list that this script knows: $($List.format)."
}
if ($List.rehearsal) {
    throw "$ListName is of a rehearsal. No tenant takes any of it."
}
$Endpoint = $List.endpoint
$TenantId = Assert-Tenant -Accounts $List.accounts
$Events = @(Get-Earlier -TenantId $TenantId)

$azureDone = $Rollback -or $Step -notcontains 9
foreach ($request in @($List.requests)) {
    if (-not $azureDone -and $request.step -gt 9) {
        Publish-Monitoring
        $azureDone = $true
    }
    if (Test-Wanted -Request $request) {
        Complete-Request -Request $request
    }
}
if (-not $azureDone) {
    Publish-Monitoring
}
Write-Information -MessageData "What was done stands in $EvidenceFile."
