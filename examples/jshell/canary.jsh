// A canary by hand: 100/0, 10%, 50%, all, and back where the guard says so. examples/run jshell canary
LocalConfig config = LocalConfig.DEFAULT.withFunction("careless", request -> {
  // A new version that fails where a question has a name in it.
  if (request.text().contains("Ada")) {
    throw new IllegalStateException("no names, please");
  }
  return Response.json("[[0.5, 0.5]]");
})
EndpointPlatform local = new LocalProvider().open(config)
Scaling one = Scaling.fixed(1)

Container packaged(String location) {
  ModelArtifact model = ModelArtifact.of(URI.create(location));
  return local.packageModel(model, RuntimeSpec.NONE, Dependencies.NONE).await(limit);
}

String[] questions = {"Which food never spoils?", "Who is Ada?", "How long is a day on Venus?", "Do otters sleep?"}

/** Asks the public name 100 times, and counts the answers by variant, failures apart. */
Map<String, Integer> asked(Endpoint any) {
  Map<String, Integer> counts = new TreeMap<>();
  for (int i = 0; i < 100; i++) {
    String by;
    try {
      by = local.invoke(any, Request.texts(questions[i % questions.length])).variant().orElseThrow();
    } catch (ServingException e) {
      by = e.variant().orElse("unknown") + " failed";
    }
    counts.merge(by, 1, Integer::sum);
  }
  return counts;
}

/** The guard: the candidate answered, and without a failure. */
boolean isHealthy(String variant, Map<String, Integer> counts) {
  return counts.containsKey(variant) && !counts.containsKey(variant + " failed");
}

/** Brings a candidate from 0 to 100 percent in steps, or undeploys it at the first step that the guard refuses. */
Endpoint canary(Endpoint stable, Container container, String variant) {
  Endpoint candidate = local.deploy(container, one, new Routing(stable.name(), variant)).await(limit);
  int now = 0;
  for (int percent : new int[] {10, 50, 100}) {
    local.route(stable.at(100 - now), candidate.at(now), TrafficWeight.percent(percent)).await(limit);
    now = percent;
    System.out.println(variant + " at " + percent + "%:");
    Map<String, Integer> counts = asked(stable);
    chart(counts);
    if (!isHealthy(variant, counts)) {
      local.route(stable.at(100 - now), candidate.at(now), TrafficWeight.percent(0)).await(limit);
      local.undeploy(candidate).await(limit);
      System.out.println("Rolled back to " + stable.routing().variant() + ": the guard refuses " + variant + ".");
      return stable;
    }
  }
  local.undeploy(stable).await(limit);
  System.out.println("Promoted: " + variant + ".");
  return candidate;
}

Container minilm = packaged("classpath:all-minilm-l6-v2-q.onnx")
Endpoint serving = show(local.deploy(minilm, one, new Routing("ask", "blue")))
System.out.println("blue at 100%:")
chart(asked(serving))

System.out.println("\nA version that is as good:")
serving = canary(serving, minilm, "green")

System.out.println("\nA version that fails at names:")
serving = canary(serving, packaged("java:careless"), "red")

/** Undeploys all of it, and returns how many resources are left. */
int end() {
  show(local.undeployAll("ask"));
  System.out.println("left: " + local.inventory());
  return local.inventory().size();
}

System.out.println("""

    Type, with Tab after a dot or a bracket:
      chart(asked(serving))
      serving = canary(serving, minilm, "violet")
      end()
    """)
