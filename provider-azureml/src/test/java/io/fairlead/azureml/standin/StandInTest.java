package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobListDetails;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.options.BlockBlobSimpleUploadOptions;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.Held;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.VirtualTime;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
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
    assertThat(result(scaled).state()).isEqualTo("Succeeded");
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
    assertThat(
            send(client, "GET", url("").replace("/workspace?", "/other?"), "").code())
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
  void aRouteOfAnEnvironmentHasAPathAndAPort() {
    String body =
        "{'properties':{'image':'i','inferenceConfig':{'scoringRoute':{'path':'/','port':80}}}}";
    String path = "/environments/e/versions/1";
    assertThat(put(path, body.replace(",'port':80", "")).message()).contains("scoringRoute");
    assertThat(put(path, body.replace("'path':'/',", "")).status()).isEqualTo(400);
    assertThat(put(path, body).status()).isEqualTo(201);
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
    assertThat(get("/models/m").json().at("/properties/latestVersion").isNull()).isTrue();
    workspace.latestVersionsStay(true);
    assertThat(get("/models/m").json().at("/properties/latestVersion").asText()).isEqualTo("2");
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

    workspace.tellsNewThoughFailed(true);
    workspace.failOperation("PUT onlineEndpoints", "InternalServerError", "try again");
    put("/onlineEndpoints/bert", endpointBody(",'traffic':{'blue':100}"));
    time.pass(Duration.ofSeconds(30));
    assertThat(
            get("/onlineEndpoints/bert").json().at("/properties/traffic/blue").asInt())
        .isEqualTo(100);
    assertThat(score(scoring("bert", "/score", "primary")).statusCode()).isEqualTo(404);
  }

  @Test
  void anEndpointMayBeToldAsItWasUntilItsUpdateIsDone() {
    serve("bert", "blue");
    put("/onlineEndpoints/bert", endpointBody(",'traffic':{'blue':100}"));
    assertThat(
            get("/onlineEndpoints/bert").json().at("/properties/traffic/blue").asInt())
        .isEqualTo(100);
    workspace.tellsOldUntilDone(true);
    assertThat(get("/onlineEndpoints/bert").json().at("/properties/traffic")).isEmpty();
    assertThat(get("/onlineEndpoints/bert").state()).isEqualTo("Updating");
    time.pass(Duration.ofSeconds(30));
    assertThat(
            get("/onlineEndpoints/bert").json().at("/properties/traffic/blue").asInt())
        .isEqualTo(100);
  }

  @Test
  void idsMayBeInLowerCase() {
    serve("bert");
    workspace.tellsIdsInLowerCase(true);
    String id = get("/onlineEndpoints/bert").json().path("id").asText();
    assertThat(id)
        .contains("/resourcegroups/")
        .endsWith("/onlineEndpoints/bert")
        .isEqualToIgnoringCase(workspace.resourceId() + "/onlineEndpoints/bert");
    assertThat(send(client, "GET", ARM + id + "?" + VERSION, "").status()).isEqualTo(200);
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
    assertThat(put(path, deploymentBody(",'requestSettings':{'requestTimeout':'PT181S'}"))
            .message())
        .contains("above PT3M");
    assertThat(put(path, deploymentBody(",'requestSettings':{'requestTimeout':'5s'}"))
            .message())
        .contains("no duration");
    assertThat(
            put(path, deploymentBody(",'requestSettings':{'maxConcurrentRequestsPerInstance':0}"))
                .message())
        .contains("1 or more");
    assertThat(put(path, deploymentBody(",'codeConfiguration':{'codeId':'c'}")).message())
        .contains("scoringScript");
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
    workspace.retryAfter(Duration.ZERO);
    assertThat(put("/onlineEndpoints/hasty", endpointBody("")).headers())
        .doesNotContainKey("Retry-After");
    workspace.retryAfter(Duration.ofSeconds(3));
    assertThat(put("/onlineEndpoints/calm", endpointBody("")).headers())
        .containsEntry("Retry-After", "3");
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

  @Test
  void whatIsInThePropertiesOfPropertiesStays() {
    serve("bert");
    put("/onlineEndpoints/bert", endpointBody(",'properties':{'a':'1'}"));
    time.pass(Duration.ofSeconds(30));
    put("/onlineEndpoints/bert", endpointBody(",'properties':{'b':'2'}"));
    time.pass(Duration.ofSeconds(30));

    JsonNode properties = get("/onlineEndpoints/bert").json().path("properties").path("properties");

    assertThat(properties.path("a").asText()).isEqualTo("1");
    assertThat(properties.path("b").asText()).isEqualTo("2");
    assertThat(put("/onlineEndpoints/bert", endpointBody(",'properties':{'a':'3'}"))
            .message())
        .contains("cannot be changed");
  }

  @Test
  void aVersionThatWasDeletedMayStayTaken() {
    String body = "{'properties':{'modelUri':'" + MODEL_URI + "'}}";
    put("/models/m/versions/1", body);
    delete("/models/m/versions/1");
    assertThat(put("/models/m/versions/1", body).status()).isEqualTo(201);
    delete("/models/m/versions/1");
    workspace.deletedVersionsStayTaken(true);
    assertThat(put("/models/m/versions/1", body).message()).contains("cannot be recreated");
    assertThat(put("/models/m/versions/2", body).status()).isEqualTo(201);
  }

  @Test
  void listsMayBeBehind() {
    workspace.listsLag(Duration.ofMinutes(1));
    put("/models/m/versions/1", "{'properties':{'modelUri':'" + MODEL_URI + "'}}");
    assertThat(get("/models").json().path("value")).isEmpty();
    assertThat(get("/models/m/versions/1").status()).isEqualTo(200);
    time.pass(Duration.ofMinutes(1));
    assertThat(get("/models").json().path("value")).hasSize(1);
  }

  @Test
  void whatTheDocumentsLeaveOpenCanBeChosen() {
    serve("bert", "blue");
    workspace.replaceStatus(201);
    assertThat(put("/onlineEndpoints/bert", endpointBody("")).status()).isEqualTo(201);
    workspace.datastoreEndpoint("http", "127.0.0.1");
    JsonNode datastore = get("/datastores/workspaceblobstore").json().path("properties");
    assertThat(datastore.path("protocol").asText()).isEqualTo("http");
    assertThat(datastore.path("endpoint").asText()).isEqualTo("127.0.0.1");
    JsonNode skus = get("/onlineEndpoints/bert/deployments/blue/skus").json().path("value");
    assertThat(skus.at("/0/capacity/maximum").asInt()).isEqualTo(50);
    workspace.addContainer("other");
    workspace.addBlob("a", new byte[] {1});
    workspace.deleteBlob("a");
    assertThat(workspace.remains()).noneMatch(one -> one.startsWith("blob"));
    assertThat(patch("/models/m", "{}").status()).isEqualTo(405);
  }

  // ---- autoscale ----

  private String autoscaleUrl(String name) {
    return ARM + "/subscriptions/" + workspace.subscription()
        + "/resourceGroups/models/providers/Microsoft.Insights/autoscalesettings" + name
        + "?api-version=2022-10-01";
  }

  private String autoscaleBody(String deployment) {
    return "{'location':'westeurope','properties':{'enabled':true,'targetResourceUri':'"
        + workspace.resourceId() + "/onlineEndpoints/bert/deployments/" + deployment
        + "','profiles':[{'name':'usual','capacity':{'minimum':'2','maximum':'4','default':'2'},"
        + "'rules':[]}]}}";
  }

  private int capacity(String deployment) {
    return get("/onlineEndpoints/bert/deployments/" + deployment)
        .json()
        .at("/sku/capacity")
        .asInt();
  }

  @Test
  void anAutoscaleSettingOverridesTheCapacityAndOutlivesItsDeployment() {
    serve("bert", "blue");
    assertThat(send(client, "PUT", autoscaleUrl("/a"), autoscaleBody("blue")).status())
        .isEqualTo(201);
    assertThat(send(client, "PUT", autoscaleUrl("/a"), autoscaleBody("blue")).status())
        .isEqualTo(200);
    assertThat(
            send(client, "GET", autoscaleUrl("/a"), "").json().path("location").asText())
        .isEqualTo("westeurope");
    assertThat(send(client, "GET", autoscaleUrl(""), "").json().path("value")).hasSize(1);
    time.pass(Duration.ofMinutes(1));
    assertThat(capacity("blue")).isEqualTo(2);
    patch("/onlineEndpoints/bert/deployments/blue", "{'sku':{'name':'Default','capacity':1}}");
    time.pass(Duration.ofMinutes(2));
    assertThat(capacity("blue")).isEqualTo(2);

    delete("/onlineEndpoints/bert/deployments/blue");
    time.pass(Duration.ofMinutes(1));
    assertThat(workspace.remains()).containsExactly("autoscale a", "endpoint bert");
    assertThat(send(client, "DELETE", autoscaleUrl("/a"), "").status()).isEqualTo(200);
    assertThat(send(client, "DELETE", autoscaleUrl("/a"), "").status()).isEqualTo(204);
    assertThat(send(client, "GET", autoscaleUrl("/a"), "").status()).isEqualTo(404);
  }

  @Test
  void aWrongAutoscaleSettingIsRefused() {
    serve("bert", "blue");
    String right = autoscaleBody("blue");
    for (String wrong : List.of(
        autoscaleBody("green"),
        right.replace("'minimum':'2'", "'minimum':2"),
        right.replace("'minimum':'2'", "'minimum':'5'"),
        right.replace("'location':'westeurope',", ""),
        right.replace(",'rules':[]", ""))) {
      assertThat(send(client, "PUT", autoscaleUrl("/a"), wrong).status())
          .as(wrong)
          .isEqualTo(400);
    }
    assertThat(send(client, "PUT", autoscaleUrl("/a"), right).status()).isEqualTo(201);
    workspace.deleteAutoscale("a");
    assertThat(workspace.remains()).doesNotContain("autoscale a");
  }

  // ---- blobs ----

  private String blobUrl(String rest) {
    return "https://" + workspace.account() + ".blob.core.windows.net/azureml-blobstore" + rest;
  }

  private Said blob(String method, String rest, String body, String... headers) {
    HttpRequest request = new HttpRequest(HttpMethod.valueOf(method), blobUrl(rest))
        .setHeader(HttpHeaderName.AUTHORIZATION, "Bearer token");
    if (method.equals("PUT")) {
      request.setHeader(HttpHeaderName.fromString("x-ms-blob-type"), "BlockBlob");
    }
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(HttpHeaderName.fromString(headers[i]), headers[i + 1]);
    }
    return Said.of(client.sendSync(request.setBody(body), Context.NONE));
  }

  @Test
  void aBlobIsWrittenReadAndDeletedOnConditions() {
    Said written = blob("PUT", "/a/b%20c", "one", "x-ms-meta-fairlead_run", "r1");
    assertThat(written.status()).isEqualTo(201);
    assertThat(blob("PUT", "/a/b%20c", "two", "If-None-Match", "*").headers())
        .containsEntry("x-ms-error-code", "BlobAlreadyExists");
    Said properties = blob("HEAD", "/a/b%20c", "");
    assertThat(properties.headers())
        .containsEntry("ETag", written.headers().get("ETag"))
        .containsEntry("x-ms-meta-fairlead_run", "r1")
        .containsEntry("Content-Length", "3");
    Said again = blob("PUT", "/a/b%20c", "two", "If-Match", written.headers().get("ETag"));
    assertThat(again.headers().get("ETag")).isNotEqualTo(written.headers().get("ETag"));
    assertThat(blob("DELETE", "/a/b%20c", "", "If-Match", written.headers().get("ETag"))
            .status())
        .isEqualTo(412);
    assertThat(blob("GET", "/a/b%20c", "").text()).isEqualTo("two");
    assertThat(blob("GET", "/a/b%20c", "", "x-ms-range", "bytes=1-5").text()).isEqualTo("wo");
    assertThat(workspace.blob("a/b c")).isEqualTo("two".getBytes(UTF_8));
    assertThat(workspace.metadata("a/b c")).isEmpty();
    assertThat(workspace.remains()).containsExactly("blob a/b c");
    assertThat(blob("DELETE", "/a/b%20c", "").status()).isEqualTo(202);
    assertThat(blob("DELETE", "/a/b%20c", "").status()).isEqualTo(404);
    assertThat(blob("HEAD", "/a/b%20c", "").headers())
        .containsEntry("x-ms-error-code", "BlobNotFound");
  }

  @Test
  void aBlobThatArrivesWrongIsRefused() {
    Said wrong = blob("PUT", "/a", "one", "Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==");
    assertThat(wrong.status()).isEqualTo(400);
    assertThat(wrong.text()).contains("<Code>Md5Mismatch</Code>");
    workspace.deleteContainer("azureml-blobstore");
    assertThat(blob("PUT", "/a", "one").text()).contains("<Code>ContainerNotFound</Code>");
  }

  @Test
  void whoSendsNoCredentialsGetsNoBlob() {
    workspace.addBlob("a", new byte[] {1});
    Said unknown =
        Said.of(client.sendSync(new HttpRequest(HttpMethod.GET, blobUrl("/a")), Context.NONE));
    assertThat(unknown.status()).isEqualTo(401);
    workspace.expireToken("token");
    assertThat(blob("GET", "/a", "").text()).contains("InvalidAuthenticationInfo");
  }

  @Test
  void aBlobOfBlocksIsThereWhenTheyAreCommitted() {
    assertThat(blob("PUT", "/a?comp=block&blockid=MDE%3D", "one").status()).isEqualTo(201);
    assertThat(blob("PUT", "/a?comp=block&blockid=MDI%3D", "two").status()).isEqualTo(201);
    assertThat(blob("GET", "/a", "").status()).isEqualTo(404);
    assertThat(workspace.uncommitted()).containsExactly("azureml-blobstore/a");
    assertThat(blob("PUT", "/a?comp=blocklist", "<BlockList><Latest>MDM=</Latest></BlockList>")
            .text())
        .contains("InvalidBlockList");
    assertThat(blob(
                "PUT",
                "/a?comp=blocklist",
                "<BlockList><Latest>MDI=</Latest><Uncommitted>MDE=</Uncommitted></BlockList>",
                "x-ms-meta-k",
                "v")
            .status())
        .isEqualTo(201);
    assertThat(blob("GET", "/a", "").text()).isEqualTo("twoone");
    assertThat(workspace.metadata("a")).containsEntry("k", "v");
    assertThat(workspace.uncommitted()).isEmpty();
    assertThat(workspace.calls()).contains("PUT block", "PUT blocklist", "GET blob");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theSdkUploadsListsAndDeletes(boolean byWire) {
    BlobServiceClientBuilder builder = new BlobServiceClientBuilder()
        .credential(new StorageSharedKeyCredential(workspace.account(), Datastores.KEY))
        .retryOptions(new RequestRetryOptions(RetryPolicyType.FIXED, 1, 5, 1L, 1L, null));
    BlobContainerClient container = (byWire
            ? builder
                .endpoint(StandIn.endpoint() + "/" + workspace.account())
                .httpClient(new JdkHttpClientBuilder().build())
            : builder
                .endpoint("https://" + workspace.account() + ".blob.core.windows.net")
                .httpClient(client))
        .buildClient()
        .getBlobContainerClient("azureml-blobstore");
    workspace.blobsPerPage(2);
    for (String name : List.of("a/1", "a/2 & <3>", "a/4", "b/5")) {
      container
          .getBlobClient(name)
          .getBlockBlobClient()
          .uploadWithResponse(
              new BlockBlobSimpleUploadOptions(BinaryData.fromString(name))
                  .setMetadata(Map.of("fairlead_run", "r")),
              null,
              Context.NONE);
    }

    List<BlobItem> items = container
        .listBlobs(
            new ListBlobsOptions()
                .setPrefix("a/")
                .setDetails(new BlobListDetails().setRetrieveMetadata(true)),
            null)
        .stream()
        .toList();

    assertThat(items).extracting(BlobItem::getName).containsExactly("a/1", "a/2 & <3>", "a/4");
    assertThat(items).allMatch(item -> item.getMetadata().get("fairlead_run").equals("r"));
    BlobClient last = container.getBlobClient("b/5");
    assertThat(last.downloadContent().toString()).isEqualTo("b/5");
    assertThat(last.getProperties().getMetadata()).containsEntry("fairlead_run", "r");
    assertThat(last.deleteIfExists()).isTrue();
    assertThat(last.deleteIfExists()).isFalse();
    assertThat(last.exists()).isFalse();
    assertThat(workspace.remains()).containsExactly("blob a/1", "blob a/2 & <3>", "blob a/4");
  }

  // ---- scoring ----

  private java.net.http.HttpRequest.Builder scoring(String endpoint, String path, String token) {
    return java.net.http.HttpRequest.newBuilder(URI.create(workspace.scoringUri(endpoint, path)))
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString("[1]"));
  }

  private java.net.http.HttpResponse<String> score(java.net.http.HttpRequest.Builder request) {
    return score(workspace, request);
  }

  private static java.net.http.HttpResponse<String> score(
      Workspace by, java.net.http.HttpRequest.Builder request) {
    try {
      return by.scoringClient().send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String deployment(java.net.http.HttpResponse<String> answer) {
    return answer.headers().firstValue("azureml-model-deployment").orElse("");
  }

  private void divide(String traffic) {
    put("/onlineEndpoints/bert", endpointBody(",'traffic':{" + traffic + "}"));
    time.pass(Duration.ofSeconds(30));
  }

  @Test
  void requestsAreDividedExactly() {
    serve("bert", "blue", "green");
    workspace.regenerateKeys("bert");
    String key =
        post("/onlineEndpoints/bert/listKeys", "").json().path("primaryKey").asText();
    assertThat(score(scoring("bert", "/score", key)).statusCode()).isEqualTo(404);
    divide("'blue':93,'green':7");

    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      java.net.http.HttpResponse<String> answer = score(scoring("bert", "/score", key));
      assertThat(answer.body()).isEqualTo("[1]");
      counts.merge(deployment(answer), 1, Integer::sum);
    }

    assertThat(counts).containsEntry("blue", 93).containsEntry("green", 7);
    assertThat(workspace.invocations()).hasSize(100);
  }

  @Test
  void aRequestCanNameADeploymentAndAPath() {
    serve("bert", "blue", "green");
    divide("'blue':100");

    java.net.http.HttpResponse<String> answer = score(scoring("bert", "/v1/chat?a=b", "secondary")
        .header("azureml-model-deployment", "green")
        .header("x-ms-client-request-id", "mine"));

    assertThat(deployment(answer)).isEqualTo("green");
    assertThat(answer.headers().firstValue("x-ms-client-request-id")).hasValue("mine");
    assertThat(answer.headers().firstValue("x-ms-request-id")).isPresent();
    Invocation invocation = workspace.invocations().get(0);
    assertThat(invocation.deployment()).isEqualTo("green");
    assertThat(invocation.path()).isEqualTo("/v1/chat");
    assertThat(invocation.text()).isEqualTo("[1]");
    assertThat(invocation.headers()).doesNotContainKey("authorization");
    assertThat(score(scoring("bert", "/score", "primary").header("azureml-model-deployment", "red"))
            .statusCode())
        .isEqualTo(404);
    assertThat(score(scoring("none", "/score", "primary")).statusCode()).isEqualTo(404);
  }

  @Test
  void anEndpointServesAsBeforeUntilItsUpdateIsDone() {
    serve("bert", "blue", "green");
    divide("'blue':100");
    put("/onlineEndpoints/bert", endpointBody(",'traffic':{'green':100}"));

    assertThat(deployment(score(scoring("bert", "/score", "primary")))).isEqualTo("blue");
    time.pass(Duration.ofSeconds(30));
    assertThat(deployment(score(scoring("bert", "/score", "primary")))).isEqualTo("green");
    delete("/onlineEndpoints/bert");
    assertThat(score(scoring("bert", "/score", "primary")).statusCode()).isEqualTo(404);
  }

  @Test
  void onlyWhoSendsWhatTheModeWantsIsAnswered() {
    serve("bert", "blue");
    divide("'blue':100");
    assertThat(score(scoring("bert", "/score", "token")).statusCode()).isEqualTo(401);
    assertThat(score(scoring("bert", "/score", "primary")).statusCode()).isEqualTo(200);
    workspace.regenerateKeys("bert");
    assertThat(score(scoring("bert", "/score", "primary")).statusCode()).isEqualTo(401);

    workspace.changeEndpoint(
        "bert", put -> ((ObjectNode) put.get("properties")).put("authMode", "AADToken"));
    assertThat(score(scoring("bert", "/score", "entra")).statusCode()).isEqualTo(200);
    workspace.expireToken("entra");
    assertThat(score(scoring("bert", "/score", "entra")).statusCode()).isEqualTo(401);

    workspace.changeEndpoint(
        "bert", put -> ((ObjectNode) put.get("properties")).put("authMode", "AMLToken"));
    workspace.tokenLife(Duration.ofHours(1));
    String token =
        post("/onlineEndpoints/bert/token", "").json().path("accessToken").asText();
    assertThat(score(scoring("bert", "/score", "entra")).statusCode()).isEqualTo(401);
    assertThat(score(scoring("bert", "/score", token)).statusCode()).isEqualTo(200);
    time.pass(Duration.ofHours(1));
    assertThat(score(scoring("bert", "/score", token)).statusCode()).isEqualTo(401);
  }

  @Test
  void aModelThatFailsIsTold() {
    serve("bert", "blue");
    divide("'blue':100");
    workspace.modelFailsNext(500, "Internal Server Error", "no memory");
    java.net.http.HttpResponse<String> failed = score(scoring("bert", "/score", "primary"));
    assertThat(failed.statusCode()).isEqualTo(424);
    assertThat(failed.body()).isEqualTo("no memory");
    assertThat(failed.headers().firstValue("ms-azureml-model-error-statuscode")).hasValue("500");
    assertThat(failed.headers().firstValue("ms-azureml-model-error-reason"))
        .hasValue("Internal Server Error");
    assertThat(deployment(failed)).isEqualTo("blue");

    workspace.failNextScoring(429, "Too many requests", Map.of("Retry-After", "3"));
    java.net.http.HttpResponse<String> throttled = score(scoring("bert", "/score", "primary"));
    assertThat(throttled.statusCode()).isEqualTo(429);
    assertThat(throttled.headers().firstValue("Retry-After")).hasValue("3");
    assertThat(workspace.invocations()).hasSize(1);

    workspace.answerWith(invocation -> (invocation.text() + "!").getBytes(UTF_8));
    assertThat(score(scoring("bert", "/score", "primary")).body()).isEqualTo("[1]!");
  }

  @Test
  void anAnswerIsHeldBeforeItOrAfterItsFirstPiece() throws Exception {
    serve("bert", "blue");
    divide("'blue':100");
    workspace.streamInPieces(List.of("one".getBytes(UTF_8), "two".getBytes(UTF_8)));
    Held whole = workspace.holdNextScoring();
    CompletableFuture<java.net.http.HttpResponse<InputStream>> later = workspace
        .scoringClient()
        .sendAsync(scoring("bert", "/score", "primary").build(), BodyHandlers.ofInputStream());
    whole.awaitArrival();
    assertThat(later).isNotDone();
    Held rest = workspace.holdNextStream();
    whole.release();
    assertThat(new String(later.get().body().readAllBytes(), UTF_8)).isEqualTo("onetwo");

    try (InputStream body = workspace
        .scoringClient()
        .send(scoring("bert", "/score", "primary").build(), BodyHandlers.ofInputStream())
        .body()) {
      assertThat(new String(body.readNBytes(3), UTF_8)).isEqualTo("one");
      rest.awaitArrival();
      rest.release();
      assertThat(new String(body.readAllBytes(), UTF_8)).isEqualTo("two");
    }
    workspace.breakNextStream();
    assertThatThrownBy(() -> score(scoring("bert", "/score", "primary")))
        .isInstanceOf(UncheckedIOException.class);
  }

  // ---- the wire ----

  @Test
  void allServicesAnswerOverTheWire() throws Exception {
    serve("bert", "blue");
    divide("'blue':100");
    HttpClient wire = new JdkHttpClientBuilder().build();
    String base = StandIn.endpoint() + workspace.resourceId();
    Said endpoint = send(wire, "GET", base + "/onlineEndpoints/bert?" + VERSION, "");
    assertThat(endpoint.state()).isEqualTo("Succeeded");
    assertThat(endpoint.headers()).containsKey("x-ms-request-id");
    Said begun = send(wire, "PUT", base + "/onlineEndpoints/gpt?" + VERSION, endpointBody(""));
    assertThat(begun.headers().get("Azure-AsyncOperation"))
        .startsWith(StandIn.endpoint().toString());
    assertThat(operation(begun).json().path("status").asText()).isEqualTo("InProgress");
    send(wire, "GET", begun.headers().get("Azure-AsyncOperation"), "");
    assertThat(workspace.violations()).hasSize(1);
    workspace.forgetViolations();
    assertThat(send(
                wire,
                "GET",
                base.replace("/subscriptions/", "/subscriptions/0") + "?" + VERSION,
                "")
            .code())
        .isEqualTo("SubscriptionNotFound");

    String uri = endpoint.json().at("/properties/scoringUri").asText();
    java.net.http.HttpResponse<String> answer = java.net.http.HttpClient.newHttpClient()
        .send(
            java.net.http.HttpRequest.newBuilder(URI.create(uri))
                .header("Authorization", "Bearer primary")
                .POST(BodyPublishers.ofString("hello"))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.body()).isEqualTo("hello");
    assertThat(deployment(answer)).isEqualTo("blue");
  }

  @Test
  void anAnswerThatBreaksOffDoesSoOverTheWireToo() {
    serve("bert", "blue");
    divide("'blue':100");
    workspace.breakNextStream();
    assertThatThrownBy(() -> java.net.http.HttpClient.newHttpClient()
            .send(scoring("bert", "/score", "primary").build(), BodyHandlers.ofString()))
        .isInstanceOf(IOException.class);
  }

  // ---- what goes wrong ----

  @Test
  void eachFaultIsSaidAsAzureOrTheNetworkSaysIt() {
    serve("bert");
    assertThat(broken(Fault.THROTTLED).status()).isEqualTo(429);
    assertThat(broken(Fault.THROTTLED).headers()).containsEntry("Retry-After", "1");
    assertThat(broken(Fault.UNAVAILABLE).status()).isEqualTo(503);
    assertThat(broken(Fault.CONFLICT).status()).isEqualTo(409);
    assertThat(broken(Fault.DENIED).code()).isEqualTo("AuthorizationFailed");
    assertThat(workspace.calls()).isEmpty();
    assertThatThrownBy(() -> broken(Fault.CUT_BEFORE)).hasCauseInstanceOf(SocketException.class);
    assertThat(workspace.calls()).isEmpty();
    assertThatThrownBy(() -> broken(Fault.CUT_AFTER)).hasCauseInstanceOf(SocketException.class);
    assertThatThrownBy(() -> broken(Fault.TIMEOUT_AFTER))
        .hasCauseInstanceOf(HttpTimeoutException.class);
    assertThatThrownBy(() -> broken(Fault.KILLED_BEFORE)).isInstanceOf(ProcessKilled.class);
    assertThat(workspace.calls()).hasSize(2).containsOnly("GET onlineEndpoints");
    Faults counted = Faults.none();
    send(workspace.client(counted), "GET", url("/onlineEndpoints/bert"), "");
    send(workspace.client(counted), "GET", url("/onlineEndpoints"), "");
    assertThat(counted.calls()).containsExactly("GET onlineEndpoints bert", "LIST onlineEndpoints");
  }

  @Test
  void faultsAreTheSameWhereAnAnswerIsWaitedForLater() {
    HttpRequest request = new HttpRequest(HttpMethod.GET, url(""))
        .setHeader(HttpHeaderName.AUTHORIZATION, "Bearer token");
    assertThat(client.send(request).toFuture().join().getStatusCode()).isEqualTo(200);
    CompletableFuture<HttpResponse> cut =
        workspace.client(Faults.at("azureml", 1, Fault.CUT_AFTER)).send(request).toFuture();
    assertThatThrownBy(cut::join).hasCauseInstanceOf(SocketException.class);
    CompletableFuture<HttpResponse> killed = workspace
        .client(Faults.at("azureml", 1, Fault.KILLED_AFTER))
        .send(request)
        .toFuture();
    assertThatThrownBy(killed::join).hasCauseInstanceOf(ProcessKilled.class);
    assertThat(workspace.calls()).hasSize(3);
  }

  private Said broken(Fault fault) {
    Faults faults = Faults.at("azureml", 1, fault);
    return send(workspace.client(faults), "GET", url("/onlineEndpoints/bert"), "");
  }

  @Test
  void aTestDecidesWhichCallsAreRefused() {
    serve("bert");
    workspace.failNext("GET onlineEndpoints", AzureError.of(500, "InternalServerError", "oops"));
    assertThat(get("/onlineEndpoints/bert").status()).isEqualTo(500);
    assertThat(get("/onlineEndpoints/bert").status()).isEqualTo(200);
    workspace.refuse("PUT autoscalesettings", AzureError.of(403, "AuthorizationFailed", "no"));
    assertThat(send(client, "PUT", autoscaleUrl("/a"), "{}").status()).isEqualTo(403);
    assertThat(send(client, "PUT", autoscaleUrl("/a"), "{}").code())
        .isEqualTo("AuthorizationFailed");
    workspace.throttleEveryCallOnce();
    assertThat(get("/onlineEndpoints/bert").status()).isEqualTo(429);
    assertThat(get("/onlineEndpoints/bert").status()).isEqualTo(200);
    assertThat(blob("PUT", "/a", "one").status()).isEqualTo(503);
    workspace.forgetCalls();
    workspace.expireFromCall(2);
    assertThat(get("/onlineEndpoints/bert").status()).isEqualTo(200);
    assertThat(get("/onlineEndpoints/bert").status()).isEqualTo(401);
  }

  @Test
  void aCopyIsAsTheWorkspaceIsAndSharesNothing() {
    serve("bert", "blue", "green");
    divide("'blue':50,'green':50");
    String first = deployment(score(scoring("bert", "/score", "primary")));
    put("/onlineEndpoints/bert/deployments/red", deploymentBody(""));
    workspace.addBlob("a", new byte[] {1});
    time.pass(Duration.ofMinutes(4));

    VirtualTime clock = new VirtualTime();
    try (Workspace copy = workspace.copy(clock)) {
      assertThat(clock.now()).isEqualTo(time.now());
      assertThat(copy.remains()).isEqualTo(workspace.remains());
      assertThat(copy.endpoint("bert")).isEqualTo(workspace.endpoint("bert"));
      assertThat(copy.calls()).isEqualTo(workspace.calls());
      assertThat(deployment(score(copy, scoring("bert", "/score", "primary")))).isNotEqualTo(first);
      clock.pass(Duration.ofMinutes(4));
      assertThat(
              copy.deployment("bert", "red").at("/properties/provisioningState").asText())
          .isEqualTo("Succeeded");
      assertThat(workspace
              .deployment("bert", "red")
              .at("/properties/provisioningState")
              .asText())
          .isEqualTo("Creating");
      send(copy.client(Faults.none()), "DELETE", url("/onlineEndpoints/bert"), "");
      assertThat(get("/onlineEndpoints/bert").state()).isEqualTo("Succeeded");
    }
    assertThat(get("/onlineEndpoints/bert").status()).isEqualTo(200);
  }

  @Test
  void othersChangeWhatIsThere() {
    serve("bert", "blue");
    workspace.changeEndpoint("bert", put -> put.putObject("tags").put("a", "1"));
    workspace.changeDeployment(
        "bert", "blue", put -> ((ObjectNode) put.get("sku")).put("capacity", 7));
    assertThat(get("/onlineEndpoints/bert").json().at("/tags/a").asText()).isEqualTo("1");
    assertThat(capacity("blue")).isEqualTo(7);
    workspace.deleteDeployment("bert", "blue");
    workspace.deleteEndpoint("bert");
    workspace.addModel("m", "1", MODEL_URI);
    workspace.deleteModel("m", "1");
    assertThat(workspace.remains()).containsExactly("model container m");
    put("/onlineEndpoints/bert", endpointBody(",'traffic':{}"));
    assertThat(workspace.requests("PUT onlineEndpoints")).hasSize(1);
    assertThat(workspace.urls("PUT onlineEndpoints").get(0).getQuery()).isEqualTo(VERSION);
    assertThat(workspace.headers("PUT onlineEndpoints", "Content-Type"))
        .containsExactly("application/json");
  }
}
