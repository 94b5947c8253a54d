package io.fairlead.azureml.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.util.Context;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StandInTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ARM = "https://management.azure.com";
  private static final String VERSION = "api-version=2024-10-01";
  private static final String MODEL_URI = "azureml://subscriptions/s/datastores/d/paths/m/";

  private final VirtualTime time = new VirtualTime();
  private final Workspace workspace = StandIn.workspace(time);
  private final HttpClient client = workspace.client(Faults.none());

  /** An answer as it came. */
  private record Said(int status, Map<String, String> headers, String text) {
    static Said of(HttpResponse response) {
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      response.getHeaders().forEach(header -> headers.put(header.getName(), header.getValue()));
      String text = response.getBodyAsString().block();
      return new Said(response.getStatusCode(), headers, text == null ? "" : text);
    }

    JsonNode json() {
      return read(text);
    }

    String code() {
      return json().path("error").path("code").asText();
    }

    String message() {
      return json().path("error").toString();
    }

    String state() {
      return json().path("properties").path("provisioningState").asText();
    }
  }

  @AfterEach
  void close() {
    workspace.close();
  }

  private static JsonNode read(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode json(String text) {
    return (ObjectNode) read(text.replace('\'', '"'));
  }

  private Said send(HttpClient by, String method, String url, String body) {
    HttpRequest request = new HttpRequest(HttpMethod.valueOf(method), url)
        .setHeader(HttpHeaderName.AUTHORIZATION, "Bearer token")
        .setHeader(HttpHeaderName.CONTENT_TYPE, "application/json");
    if (!body.isEmpty()) {
      request.setBody(body.replace('\'', '"'));
    }
    return Said.of(by.sendSync(request, Context.NONE));
  }

  private String url(String path) {
    return ARM + workspace.resourceId() + path + (path.contains("?") ? "&" : "?") + VERSION;
  }

  private Said get(String path) {
    return send(client, "GET", url(path), "");
  }

  private Said put(String path, String body) {
    return send(client, "PUT", url(path), body);
  }

  private Said patch(String path, String body) {
    return send(client, "PATCH", url(path), body);
  }

  private Said post(String path, String body) {
    return send(client, "POST", url(path), body);
  }

  private Said delete(String path) {
    return send(client, "DELETE", url(path), "");
  }

  private Said operation(Said accepted) {
    return send(client, "GET", accepted.headers().get("Azure-AsyncOperation"), "");
  }

  private Said result(Said accepted) {
    return send(client, "GET", accepted.headers().get("Location"), "");
  }

  private static String endpointBody(String more) {
    return "{'location':'westeurope','properties':{'authMode':'Key'" + more + "}}";
  }

  private static String deploymentBody(String more) {
    return "{'location':'westeurope','sku':{'name':'Default','capacity':1},'properties':{"
        + "'endpointComputeType':'Managed','instanceType':'Standard_DS3_v2',"
        + "'model':'azureml://registries/azureml/models/bert/versions/1'" + more + "}}";
  }

  private void serve(String endpoint, String... deployments) {
    workspace.addEndpoint(endpoint);
    for (String deployment : deployments) {
      workspace.addDeployment(endpoint, deployment);
    }
  }

  // ---- the way through ----

  @Test
  void anEndpointComesIsDeployedToAndGoes() {
    Said created = put("/onlineEndpoints/bert", endpointBody(""));
    assertThat(created.status()).isEqualTo(201);
    assertThat(created.state()).isEqualTo("Creating");
    assertThat(created.headers()).containsKeys("Retry-After", "x-ms-request-id");
    time.pass(Duration.ofSeconds(10));
    assertThat(operation(created).json().path("status").asText()).isEqualTo("InProgress");
    assertThat(get("/onlineEndpoints/bert")
            .json()
            .path("properties")
            .path("scoringUri")
            .isNull())
        .isTrue();
    time.pass(Duration.ofSeconds(20));
    assertThat(operation(created).json().path("status").asText()).isEqualTo("Succeeded");
    JsonNode endpoint = get("/onlineEndpoints/bert").json();
    assertThat(endpoint.path("properties").path("provisioningState").asText())
        .isEqualTo("Succeeded");
    assertThat(endpoint.path("properties").path("keys").isNull()).isTrue();
    assertThat(endpoint.path("properties").path("scoringUri").asText())
        .isEqualTo(StandIn.endpoint() + "/scoring/" + workspace.subscription() + "/bert/score");
    assertThat(endpoint
            .path("properties")
            .path("properties")
            .path("AzureAsyncOperationUri")
            .asText())
        .isEqualTo(created.headers().get("Azure-AsyncOperation"));

    Said deployed = put("/onlineEndpoints/bert/deployments/blue", deploymentBody(""));
    assertThat(deployed.status()).isEqualTo(201);
    time.pass(Duration.ofMinutes(7));
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Creating");
    time.pass(Duration.ofMinutes(1));
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Succeeded");
    assertThat(workspace.remains()).containsExactly("deployment bert/blue", "endpoint bert");

    Said scaled =
        patch("/onlineEndpoints/bert/deployments/blue", "{'sku':{'name':'Default','capacity':3}}");
    assertThat(scaled.status()).isEqualTo(202);
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Scaling");
    time.pass(Duration.ofMinutes(2));
    assertThat(result(scaled).status()).isEqualTo(200);
    assertThat(get("/onlineEndpoints/bert/deployments/blue")
            .json()
            .at("/sku/capacity")
            .asInt())
        .isEqualTo(3);

    Said going = delete("/onlineEndpoints/bert");
    assertThat(going.status()).isEqualTo(202);
    assertThat(get("/onlineEndpoints/bert").state()).isEqualTo("Deleting");
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Deleting");
    time.pass(Duration.ofMinutes(1));
    assertThat(result(going).status()).isEqualTo(204);
    assertThat(get("/onlineEndpoints/bert").code()).isEqualTo("ResourceNotFound");
    assertThat(delete("/onlineEndpoints/bert").status()).isEqualTo(204);
    assertThat(workspace.remains()).isEmpty();
    assertThat(workspace.calls())
        .startsWith("PUT onlineEndpoints", "GET operation", "GET onlineEndpoints")
        .contains("PUT deployments", "PATCH deployments", "DELETE onlineEndpoints");
  }

  // ---- ARM ----

  @Test
  void whoSendsNoTokenOrNoVersionIsRefused() {
    HttpRequest bare = new HttpRequest(HttpMethod.GET, url(""));
    Said unknown = Said.of(client.sendSync(bare, Context.NONE));
    assertThat(unknown.status()).isEqualTo(401);
    assertThat(unknown.code()).isEqualTo("AuthenticationFailed");
    assertThat(unknown.json().path("error").path("details").isArray()).isTrue();
    assertThat(unknown.json().path("error").path("additionalInfo").isArray()).isTrue();

    Said undated = send(client, "GET", ARM + workspace.resourceId(), "");
    assertThat(undated.status()).isEqualTo(400);
    assertThat(undated.code()).isEqualTo("MissingApiVersionParameter");
    assertThat(send(client, "GET", ARM + workspace.resourceId() + "?api-version=1", "")
            .code())
        .isEqualTo("InvalidApiVersionParameter");

    workspace.expireToken("token");
    assertThat(get("").code()).isEqualTo("ExpiredAuthenticationToken");
  }

  @Test
  void aWorkspaceSaysWhereItIsAndWhereItStores() {
    JsonNode said = get("").json();

    assertThat(said.path("location").asText()).isEqualTo("westeurope");
    assertThat(said.path("properties").path("storageAccount").asText())
        .endsWith("/storageAccounts/" + workspace.account());
    assertThat(send(client, "GET", url("").replace("/ws?", "/other?"), "").code())
        .isEqualTo("ResourceNotFound");
    assertThat(send(client, "GET", url("").replace("/models/", "/other/"), "").code())
        .isEqualTo("ResourceGroupNotFound");
    assertThat(send(client, "GET", url("").replace("/resourceGroups/", "/resourcegroups/"), "")
            .status())
        .isEqualTo(200);
    assertThat(get("/jobs").status()).isEqualTo(404);
  }

  @Test
  void theDefaultDatastoreIsAContainerWithAKey() {
    JsonNode all = get("/datastores?isDefault=true").json().path("value");
    assertThat(all).hasSize(1);
    JsonNode properties = all.get(0).path("properties");
    assertThat(properties.path("accountName").asText()).isEqualTo(workspace.account());
    assertThat(properties.path("containerName").asText()).isEqualTo("azureml-blobstore");
    assertThat(properties.path("credentials").path("credentialsType").asText())
        .isEqualTo("AccountKey");
    assertThat(post("/datastores/workspaceblobstore/listSecrets", "")
            .json()
            .path("key")
            .asText())
        .isNotEmpty();
    assertThat(get("/datastores").json().path("value")).hasSize(2);

    workspace.datastoreCredentials("None");
    assertThat(post("/datastores/workspaceblobstore/listSecrets", "").status()).isEqualTo(400);
    workspace.hasDefaultDatastore(false);
    assertThat(get("/datastores?isDefault=true").json().path("value")).isEmpty();
  }

  @Test
  void listsAreReadPageByPage() {
    for (int i = 0; i < 7; i++) {
      workspace.addEndpoint("endpoint-" + i);
    }
    workspace.pageSize(3);

    List<String> names = new ArrayList<>();
    int pages = 0;
    String next = url("/onlineEndpoints");
    while (!next.isEmpty()) {
      JsonNode page = send(client, "GET", next, "").json();
      page.path("value").forEach(one -> names.add(one.path("name").asText()));
      next = page.path("nextLink").asText("");
      pages++;
    }

    assertThat(pages).isEqualTo(3);
    assertThat(names).hasSize(7).isSorted().doesNotHaveDuplicates();
  }

  // ---- assets ----

  @Test
  void aVersionIsMadeWithItsContainerAndDoesNotChange() {
    String body = "{'properties':{'modelUri':'" + MODEL_URI + "','tags':{'a':'1'}}}";
    assertThat(put("/models/m/versions/1", body).status()).isEqualTo(201);
    assertThat(put("/models/m/versions/1", body).status()).isEqualTo(200);
    JsonNode container = get("/models/m").json();
    assertThat(container.path("properties").path("latestVersion").asText()).isEqualTo("1");
    assertThat(container.path("systemData").path("createdAt").asText())
        .isEqualTo(time.now().toString());

    Said changed = put("/models/m/versions/1", body.replace("/paths/m/", "/paths/n/"));
    assertThat(changed.status()).isEqualTo(409);
    assertThat(put("/models/m/versions/1", body.replace("'a':'1'", "'b':'2'")).status())
        .isEqualTo(200);
    assertThat(
            get("/models/m/versions/1").json().path("properties").path("tags").toString())
        .isEqualTo("{\"b\":\"2\"}");
    assertThat(put("/models/m/versions/2", "{'properties':{}}").status()).isEqualTo(400);
    assertThat(get("/models/m/versions/2").code()).isEqualTo("ResourceNotFound");
  }

  @ParameterizedTest
  @CsvSource({
    "environments, image, environment",
    "environments, condaFile, environment",
    "codes, codeUri, code"
  })
  void otherVersionsDoNotChangeEither(String collection, String property, String word) {
    String path = "/" + collection + "/n/versions/1";
    assertThat(put(path, "{'properties':{'" + property + "':'x'}}").status()).isEqualTo(201);
    assertThat(put(path, "{'properties':{'" + property + "':'y'}}").status()).isEqualTo(409);
    assertThat(workspace.remains()).containsExactly(word + " n:1");
  }

  @Test
  void aContainerStaysEmptyUntilItIsDeleted() {
    workspace.addModel("m", "1", MODEL_URI);
    workspace.addModel("m", "2", MODEL_URI);
    assertThat(delete("/models/m").status()).isEqualTo(409);
    assertThat(delete("/models/m/versions/1").status()).isEqualTo(200);
    assertThat(delete("/models/m/versions/1").status()).isEqualTo(204);
    assertThat(get("/models/m/versions").json().path("value")).hasSize(1);
    assertThat(delete("/models/m/versions/2").status()).isEqualTo(200);
    assertThat(workspace.remains()).containsExactly("model container m");
    assertThat(get("/models").json().path("value")).hasSize(1);
    assertThat(delete("/models/m").status()).isEqualTo(200);
    assertThat(delete("/models/m").status()).isEqualTo(204);
    assertThat(workspace.remains()).isEmpty();

    workspace.addModel("m", "1", MODEL_URI);
    workspace.containersGoWithVersions(true);
    assertThat(delete("/models/m").status()).isEqualTo(200);
    assertThat(workspace.remains()).isEmpty();
  }

  // ---- endpoints ----

  @Test
  void whatAPutLeavesOutIsLostAndWhatNobodyKnowsStays() {
    serve("bert", "blue", "green");
    String whole = "{'location':'westeurope','tags':{'a':'1'},'identity':{'type':'SystemAssigned'},"
        + "'properties':{'authMode':'Key','future':{'x':[1]},'traffic':{'blue':100},"
        + "'mirrorTraffic':{'green':10}}}";
    Said replaced = put("/onlineEndpoints/bert", whole);
    assertThat(replaced.status()).isEqualTo(200);
    assertThat(replaced.state()).isEqualTo("Updating");
    time.pass(Duration.ofSeconds(30));
    JsonNode kept = get("/onlineEndpoints/bert").json();
    assertThat(kept.at("/properties/future/x/0").asInt()).isEqualTo(1);
    assertThat(kept.at("/properties/traffic/blue").asInt()).isEqualTo(100);
    assertThat(kept.at("/properties/mirrorTraffic/green").asInt()).isEqualTo(10);
    assertThat(kept.at("/identity/principalId").asText()).isNotEmpty();

    put("/onlineEndpoints/bert", kept.toString());
    time.pass(Duration.ofSeconds(30));
    ((ObjectNode) kept.path("properties").path("properties")).remove("AzureAsyncOperationUri");
    JsonNode same = get("/onlineEndpoints/bert").json();
    ((ObjectNode) same.path("properties").path("properties")).remove("AzureAsyncOperationUri");
    ((ObjectNode) same).set("systemData", kept.path("systemData"));
    assertThat(same).isEqualTo(kept);

    put("/onlineEndpoints/bert", endpointBody(""));
    time.pass(Duration.ofSeconds(30));
    JsonNode lost = get("/onlineEndpoints/bert").json();
    assertThat(lost.path("tags")).isEmpty();
    assertThat(lost.has("identity")).isFalse();
    assertThat(lost.at("/properties/traffic")).isEmpty();
    assertThat(lost.at("/properties/mirrorTraffic")).isEmpty();
    assertThat(lost.at("/properties/future").isMissingNode()).isTrue();
  }

  @Test
  void aPatchChangesTagsAndIdentityOnly() {
    serve("bert");
    Said patched = patch("/onlineEndpoints/bert", "{'tags':{'a':'1','b':'2'}}");
    assertThat(patched.status()).isEqualTo(202);
    time.pass(Duration.ofSeconds(10));
    assertThat(result(patched).status()).isEqualTo(202);
    time.pass(Duration.ofMinutes(2));
    assertThat(result(patched).status()).isEqualTo(200);
    patch("/onlineEndpoints/bert", "{'tags':{'b':null,'c':'3'}}");
    time.pass(Duration.ofMinutes(2));
    assertThat(get("/onlineEndpoints/bert").json().path("tags").toString())
        .isEqualTo("{\"c\":\"3\"}");

    workspace.patchMergesTags(true);
    patch("/onlineEndpoints/bert", "{'tags':{'d':'4'}}");
    time.pass(Duration.ofMinutes(2));
    assertThat(get("/onlineEndpoints/bert").json().path("tags").toString())
        .isEqualTo("{\"c\":\"3\",\"d\":\"4\"}");
    assertThat(patch("/onlineEndpoints/bert", "{'properties':{'traffic':{}}}").status())
        .isEqualTo(400);
    assertThat(patch("/onlineEndpoints/none", "{'tags':{}}").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ab", "1bert", "bert-", "be--rt", "be_rt", "a23456789012345678901234567890123"})
  void aNameThatBreaksTheRulesIsRefused(String name) {
    assertThat(put("/onlineEndpoints/" + name, endpointBody("")).status()).isEqualTo(400);

    serve("bert");
    assertThat(
            put("/onlineEndpoints/bert/deployments/" + name, deploymentBody("")).status())
        .isEqualTo(400);
  }

  @Test
  void aNameIsUniqueInTheRegion() {
    try (Workspace other = workspace.neighbour()) {
      other.addEndpoint("bert");
      Said refused = put("/onlineEndpoints/bert", endpointBody(""));
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.message()).contains("already in use in region westeurope");
      assertThat(workspace.copy(new VirtualTime()).remains()).isEmpty();
    }
    assertThat(put("/onlineEndpoints/bert", endpointBody("")).status()).isEqualTo(201);

    workspace.takeName("taken");
    assertThat(put("/onlineEndpoints/taken", endpointBody("")).status()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'traffic':{'blue':90} | sum to 0 or 100",
        "'traffic':{'red':100} | does not exist",
        "'traffic':{'blue':101} | not within 0 and 100",
        "'traffic':{'failed':100} | in state Failed",
        "'traffic':{'blue':100},'mirrorTraffic':{'green':51} | No more than 50%",
        "'traffic':{'blue':100},'mirrorTraffic':{'blue':10} | has live traffic",
        "'mirrorTraffic':{'blue':10,'green':10} | one deployment at most",
      },
      quoteCharacter = '"')
  void trafficThatBreaksTheRulesIsRefused(String traffic, String reason) {
    serve("bert", "blue", "green", "failed");
    workspace.deploymentIs("bert", "failed", "Failed");

    Said refused = put("/onlineEndpoints/bert", endpointBody("," + traffic));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.message()).contains(reason);
    assertThat(get("/onlineEndpoints/bert").state()).isEqualTo("Succeeded");
  }

  @Test
  void anEndpointThatLacksWhatItNeedsIsRefused() {
    assertThat(put("/onlineEndpoints/bert", "{'properties':{'authMode':'Key'}}").code())
        .isEqualTo("LocationRequired");
    assertThat(put("/onlineEndpoints/bert", "{'location':'westeurope'}").status())
        .isEqualTo(400);
    assertThat(put("/onlineEndpoints/bert", "[]").code()).isEqualTo("InvalidRequestContent");
  }

  @Test
  void oneOperationIsAtWorkOnAnEndpointAtATime() {
    put("/onlineEndpoints/bert", endpointBody(""));
    assertThat(put("/onlineEndpoints/bert", endpointBody("")).status()).isEqualTo(409);
    assertThat(patch("/onlineEndpoints/bert", "{'tags':{}}").status()).isEqualTo(409);
    assertThat(delete("/onlineEndpoints/bert").status()).isEqualTo(409);
    assertThat(put("/onlineEndpoints/bert/deployments/blue", deploymentBody("")).status())
        .isEqualTo(409);
    time.pass(Duration.ofSeconds(30));
    put("/onlineEndpoints/bert/deployments/blue", deploymentBody(""));
    assertThat(put("/onlineEndpoints/bert/deployments/blue", deploymentBody("")).status())
        .isEqualTo(409);
    assertThat(delete("/onlineEndpoints/bert/deployments/blue").status()).isEqualTo(409);
    assertThat(
            put("/onlineEndpoints/bert/deployments/green", deploymentBody("")).status())
        .isEqualTo(201);

    workspace.oneDeploymentAtATime(true);
    assertThat(put("/onlineEndpoints/bert/deployments/red", deploymentBody("")).status())
        .isEqualTo(409);
  }

  @Test
  void keysAndTokensAreThoseOfTheMode() {
    serve("bert");
    assertThat(post("/onlineEndpoints/bert/listKeys", "").text())
        .isEqualTo("{\"primaryKey\":\"primary\",\"secondaryKey\":\"secondary\"}");
    assertThat(post("/onlineEndpoints/bert/token", "").status()).isEqualTo(400);
    assertThat(post("/onlineEndpoints/bert/regenerateKeys", "{}").status()).isEqualTo(400);
    Said begun =
        post("/onlineEndpoints/bert/regenerateKeys", "{'keyType':'Primary','keyValue':'new'}");
    assertThat(begun.status()).isEqualTo(202);
    time.pass(Duration.ofSeconds(5));
    assertThat(
            post("/onlineEndpoints/bert/listKeys", "").json().path("primaryKey").asText())
        .isEqualTo("new");

    put("/onlineEndpoints/tokens", endpointBody("").replace("Key", "AMLToken"));
    time.pass(Duration.ofSeconds(30));
    assertThat(post("/onlineEndpoints/tokens/listKeys", "").status()).isEqualTo(400);
    JsonNode token = post("/onlineEndpoints/tokens/token", "").json();
    assertThat(token.path("expiryTimeUtc").asLong() - time.now().getEpochSecond())
        .isEqualTo(Duration.ofHours(12).toSeconds());
    assertThat(token.path("tokenType").asText()).isEqualTo("Bearer");
  }

  @Test
  void anUpdateThatFailsLeavesTheEndpointAsItWas() {
    serve("bert", "blue");
    workspace.failOperation("PUT onlineEndpoints", "InternalServerError", "try again");
    Said begun = put("/onlineEndpoints/bert", endpointBody(",'traffic':{'blue':100}"));
    time.pass(Duration.ofSeconds(30));

    JsonNode operation = operation(begun).json();
    assertThat(operation.path("status").asText()).isEqualTo("Failed");
    assertThat(operation.at("/error/details/0/code").asText()).isEqualTo("InternalServerError");
    assertThat(get("/onlineEndpoints/bert").state()).isEqualTo("Failed");
    assertThat(get("/onlineEndpoints/bert").json().at("/properties/traffic")).isEmpty();
  }

  // ---- deployments ----

  @Test
  void aDeploymentThatFailsStaysAndItsOperationSaysWhy() {
    serve("bert");
    workspace.failNextDeployment("ImageBuildFailure", "pip failed");
    Said begun = put("/onlineEndpoints/bert/deployments/blue", deploymentBody(""));
    workspace.prints("bert", "blue", "one", "two");
    time.pass(Duration.ofMinutes(8));

    JsonNode failed = get("/onlineEndpoints/bert/deployments/blue").json();
    assertThat(failed.at("/properties/provisioningState").asText()).isEqualTo("Failed");
    assertThat(failed.toString()).doesNotContain("pip failed");
    String uri = failed.at("/properties/properties/AzureAsyncOperationUri").asText();
    assertThat(uri).isEqualTo(begun.headers().get("Azure-AsyncOperation"));
    JsonNode operation = send(client, "GET", uri, "").json();
    assertThat(operation.path("status").asText()).isEqualTo("Failed");
    assertThat(operation.path("error").path("code").asText()).isEqualTo("BadRequest");
    assertThat(operation.at("/error/details/0/code").asText()).isEqualTo("ImageBuildFailure");
    assertThat(operation.at("/error/details/0/message").asText()).isEqualTo("pip failed");
    assertThat(workspace.remains()).contains("deployment bert/blue");

    assertThat(post("/onlineEndpoints/bert/deployments/blue/getLogs", "").status())
        .isEqualTo(400);
    assertThat(post(
                "/onlineEndpoints/bert/deployments/blue/getLogs",
                "{'containerType':'InferenceServer','tail':1}")
            .text())
        .isEqualTo("{\"content\":\"two\"}");

    assertThat(put("/onlineEndpoints/bert/deployments/blue", deploymentBody("")).status())
        .isEqualTo(200);
    time.pass(Duration.ofMinutes(8));
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Succeeded");
    workspace.forgetOperations();
    assertThat(send(client, "GET", uri, "").status()).isEqualTo(404);
  }

  @Test
  void anOperationCanBeCancelledByTheService() {
    serve("bert");
    workspace.cancelOperation("PUT deployments");
    Said begun = put("/onlineEndpoints/bert/deployments/blue", deploymentBody(""));
    time.pass(Duration.ofMinutes(8));

    assertThat(operation(begun).json().path("status").asText()).isEqualTo("Canceled");
    assertThat(operation(begun).json().at("/error/code").asText()).isEqualTo("OperationCanceled");
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Canceled");

    workspace.cancelOperation("DELETE deployments");
    Said going = delete("/onlineEndpoints/bert/deployments/blue");
    time.pass(Duration.ofMinutes(1));
    assertThat(result(going).code()).isEqualTo("OperationCanceled");
    assertThat(workspace.remains()).contains("deployment bert/blue");
  }

  @Test
  void whatADeploymentNeedsIsLookedForWhenItsOperationRuns() {
    serve("bert");
    String ids = workspace.resourceId();
    String body = deploymentBody("")
        .replace(
            "'model':'azureml://registries/azureml/models/bert/versions/1'",
            "'model':'" + ids + "/models/m/versions/1','environmentId':'" + ids
                + "/environments/e/versions/1','codeConfiguration':{'codeId':'" + ids
                + "/codes/c/versions/1','scoringScript':'s.py'}");
    assertThat(put("/onlineEndpoints/bert/deployments/blue", body).status()).isEqualTo(201);
    workspace.addModel("m", "1", MODEL_URI);
    workspace.addEnvironment("e", "1", "image");
    workspace.addCode("c", "1", "uri");
    time.pass(Duration.ofMinutes(8));
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Succeeded");

    Said begun = put("/onlineEndpoints/bert/deployments/green", body);
    workspace.deleteEnvironment("e", "1");
    time.pass(Duration.ofMinutes(8));
    assertThat(operation(begun).message()).contains("environments/e/versions/1");
    assertThat(get("/onlineEndpoints/bert/deployments/green").state()).isEqualTo("Failed");
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Succeeded");
  }

  @Test
  void onlyModelsThatBringTheirOwnNeedNoEnvironment() {
    serve("bert");
    workspace.addModel("m", "1", MODEL_URI);
    workspace.addMlflowModel("mlflow", "1", MODEL_URI);
    String registry = "azureml://registries/azureml/models/bert/versions/1";
    put(
        "/onlineEndpoints/bert/deployments/blue",
        deploymentBody("").replace(registry, workspace.resourceId() + "/models/m/versions/1"));
    put(
        "/onlineEndpoints/bert/deployments/green",
        deploymentBody("").replace(registry, workspace.resourceId() + "/models/mlflow/versions/1"));
    time.pass(Duration.ofMinutes(8));

    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Failed");
    assertThat(get("/onlineEndpoints/bert/deployments/green").state()).isEqualTo("Succeeded");
  }

  @Test
  void aDeploymentWithTrafficIsNotDeleted() {
    serve("bert", "blue", "green");
    put(
        "/onlineEndpoints/bert",
        endpointBody(",'traffic':{'blue':100},'mirrorTraffic':{'green':10}"));
    time.pass(Duration.ofSeconds(30));
    assertThat(delete("/onlineEndpoints/bert/deployments/blue").message()).contains("traffic");
    assertThat(delete("/onlineEndpoints/bert/deployments/green").message())
        .contains("mirrorTraffic");

    put("/onlineEndpoints/bert", endpointBody(",'traffic':{'blue':0,'green':100}"));
    time.pass(Duration.ofSeconds(30));
    assertThat(delete("/onlineEndpoints/bert/deployments/blue").status()).isEqualTo(202);
    assertThat(get("/onlineEndpoints/bert/deployments/blue").state()).isEqualTo("Deleting");
    time.pass(Duration.ofMinutes(1));
    assertThat(get("/onlineEndpoints/bert/deployments/blue").status()).isEqualTo(404);
    assertThat(delete("/onlineEndpoints/bert/deployments/blue").status()).isEqualTo(204);
    assertThat(get("/onlineEndpoints/bert").json().at("/properties/traffic").toString())
        .isEqualTo("{\"green\":100}");
  }

  @Test
  void aDeploymentThatBreaksTheRulesIsRefused() {
    String path = "/onlineEndpoints/bert/deployments/blue";
    assertThat(put(path, deploymentBody("")).status()).isEqualTo(404);
    serve("bert");
    assertThat(put(path, deploymentBody("").replace("'location'", "'place'")).code())
        .isEqualTo("LocationRequired");
    assertThat(put(path, deploymentBody("").replace("Managed", "Kubernetes")).message())
        .contains("endpointComputeType");
    assertThat(put(path, deploymentBody("").replace("'capacity':1", "'capacity':51"))
            .message())
        .contains("within 1 and 50");
    assertThat(put(path, deploymentBody("").replace("'name':'Default',", "")).message())
        .contains("sku");
    assertThat(put(path, deploymentBody(",'scaleSettings':{'scaleType':'TargetUtilization'}"))
            .message())
        .contains("Default only");
    workspace.endpointIs("bert", "Failed");
    assertThat(put(path, deploymentBody("")).message()).contains("in state Failed");
    workspace.endpointIs("bert", "Succeeded");
    put(path, deploymentBody(""));
    time.pass(Duration.ofMinutes(8));
    assertThat(put(path, deploymentBody("").replace("DS3", "DS4")).message())
        .contains("instanceType");
    assertThat(patch(path, "{'properties':{}}").message()).contains("sku and tags");
    for (int i = 1; i < 20; i++) {
      workspace.addDeployment("bert", "other-" + i);
    }
    assertThat(put("/onlineEndpoints/bert/deployments/one-too-many", deploymentBody(""))
            .message())
        .contains("20 deployments");
  }

  @Test
  void aFifthOfTheQuotaIsInReserve() {
    serve("bert");
    workspace.quota("Standard_DS3_v2", 11);
    String ten = deploymentBody("").replace("'capacity':1", "'capacity':10");

    Said refused = put("/onlineEndpoints/bert/deployments/blue", ten);

    assertThat(refused.message()).contains("Not enough quota", "Additional needed: 12");
    workspace.quota("Standard_DS3_v2", 12);
    assertThat(put("/onlineEndpoints/bert/deployments/blue", ten).status()).isEqualTo(201);
  }

  @Test
  void whatADeploymentLeavesOutIsFilledIn() {
    serve("bert");
    put(
        "/onlineEndpoints/bert/deployments/blue",
        "{'location':'westeurope','properties':{'endpointComputeType':'Managed'}}");

    JsonNode said = get("/onlineEndpoints/bert/deployments/blue").json();

    assertThat(said.at("/sku/capacity").asInt()).isEqualTo(1);
    assertThat(said.at("/properties/instanceType").asText()).isEqualTo("Standard_F4s_v2");
    assertThat(said.at("/properties/requestSettings/requestTimeout").asText()).isEqualTo("PT5S");
    assertThat(said.at("/properties/livenessProbe/failureThreshold").asInt()).isEqualTo(30);
    assertThat(said.at("/properties/scaleSettings/scaleType").asText()).isEqualTo("Default");
  }

  // ---- operations ----

  @Test
  void whoAsksForAnOperationTooEarlyIsTold() {
    Said begun = put("/onlineEndpoints/bert", endpointBody(""));
    time.pass(Duration.ofSeconds(9));
    operation(begun);
    assertThat(workspace.violations()).hasSize(1);
    assertThatThrownBy(workspace::close).isInstanceOf(AssertionError.class);
    workspace.forgetViolations();
    time.pass(Duration.ofSeconds(10));
    operation(begun);
    assertThat(workspace.violations()).isEmpty();
    send(workspace.client(Faults.none()), "GET", begun.headers().get("Azure-AsyncOperation"), "");
    assertThat(workspace.violations()).isEmpty();
  }

  @Test
  void operationsMayBeElsewhereOrNotTold() {
    workspace.operationUrlsAt(URI.create("https://evil.example"));
    assertThat(put("/onlineEndpoints/bert", endpointBody("")).headers().get("Azure-AsyncOperation"))
        .startsWith("https://evil.example/subscriptions/");
    workspace.tellsOperationUrls(false);
    assertThat(put("/onlineEndpoints/other", endpointBody("")).headers())
        .doesNotContainKeys("Azure-AsyncOperation", "Retry-After");
    workspace.duration("PUT onlineEndpoints", Duration.ofHours(1));
    put("/onlineEndpoints/slow", endpointBody(""));
    workspace.neverEnds("PUT onlineEndpoints");
    put("/onlineEndpoints/endless", endpointBody(""));
    time.pass(Duration.ofMinutes(59));
    assertThat(get("/onlineEndpoints/other").state()).isEqualTo("Succeeded");
    assertThat(get("/onlineEndpoints/slow").state()).isEqualTo("Creating");
    time.pass(Duration.ofDays(1));
    assertThat(get("/onlineEndpoints/slow").state()).isEqualTo("Succeeded");
    assertThat(get("/onlineEndpoints/endless").state()).isEqualTo("Creating");
    assertThatThrownBy(() -> workspace.duration("PUT models", Duration.ofHours(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
