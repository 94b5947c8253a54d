// What a deployment would create on a cloud, without its credentials: examples/run jshell plan [sagemaker|vertex|azureml]
// Put your own names here. Nothing is created, and nothing is read where there are no credentials.
Map<String, Map<String, String>> settings = Map.of(
    "sagemaker", Map.of("region", "us-east-1", "role", "arn:aws:iam::123456789012:role/serving"),
    "vertex", Map.of("project", "my-project", "location", "us-central1"),
    "azureml", Map.of(
        "subscription", "00000000-0000-0000-0000-000000000000",
        "resourceGroup", "my-group",
        "workspace", "my-workspace"))

Map<String, Endpoint> endpoints = new TreeMap<>(Map.of(
    "sagemaker", new Endpoint(
        new Container(
            ModelArtifact.of(URI.create("s3://my-bucket/bert/model.tar.gz")).named("bert"),
            RuntimeSpec.of("123456789012.dkr.ecr.us-east-1.amazonaws.com/bert:1"),
            Dependencies.NONE),
        Scaling.fixed("ml.m5.large", 1),
        new Routing("bert", "blue")),
    "vertex", new Endpoint(
        new Container(
            ModelArtifact.of(URI.create("gs://my-bucket/bert/")).named("bert"),
            RuntimeSpec.of("us-docker.pkg.dev/my-project/serving/bert:1"),
            Dependencies.NONE),
        Scaling.fixed("n1-standard-4", 1),
        new Routing("bert", "blue")),
    "azureml", new Endpoint(
        new Container(
            ModelArtifact.of(URI.create("azureml://datastores/models/paths/bert/")).named("bert"),
            RuntimeSpec.of("my-registry.azurecr.io/bert:1"),
            Dependencies.NONE),
        Scaling.fixed("Standard_DS3_v2", 1),
        new Routing("bert", "blue"))))

EndpointPlatform cloud(String id) {
  return Platforms.open(id, EndpointPlatform.class, settings.get(id));
}

/** The plan of a deployment, by calls that only read, within 20 seconds. */
Plan plan(String id, Endpoint endpoint) {
  try (EndpointPlatform cloud = cloud(id)) {
    return cloud.preview(Duration.ofSeconds(20), p -> {
      Container container = endpoint.container();
      Container packaged = p.packageModel(container.artifact(), container.runtime(), container.dependencies()).await(limit);
      return p.deploy(packaged, endpoint.scaling(), endpoint.routing());
    });
  }
}

endpoints.keySet().retainAll(Platforms.available(EndpointPlatform.class))
Map<String, Plan> plans = new TreeMap<>()
endpoints.forEach((id, endpoint) -> {
  System.out.println("On " + id + ", " + endpoint + ":");
  plans.put(id, plan(id, endpoint));
  explain(plans.get(id));
})

/** There is nothing to undeploy; returns how many plans could not be made. */
int end() {
  System.out.println("Nothing was created.");
  return endpoints.size() - plans.size();
}

String first = endpoints.isEmpty() ? "local" : endpoints.keySet().iterator().next()
System.out.println("""

    Type, with Tab after a dot or a bracket:
      explain(plan("%1$s", endpoints.get("%1$s").withScaling(Scaling.fixed("ml.m5.xlarge", 2))))
      GrammarJson.writePretty(endpoints.get("%1$s"))
      settings.get("%1$s")
    """.formatted(first))
