// A canary: requests move to a new version in steps, and back where a guard refuses it. examples/run jshell canary
LocalConfig config = LocalConfig.DEFAULT.withFunction("careless", request -> {
  // A new version that fails where a question has a name in it.
  if (request.text().contains("Ada")) {
    throw new IllegalStateException("no names, please");
  }
  return Response.json("[[0.5, 0.5]]");
})
CallEvidence calls = new CallEvidence()
EndpointPlatform local = calls.watch(new LocalProvider().open(config))
Scaling one = Scaling.fixed(1)

Container packaged(String location) {
  ModelArtifact model = ModelArtifact.of(URI.create(location));
  return local.packageModel(model, RuntimeSpec.NONE, Dependencies.NONE).await(limit);
}

String[] questions = {"Which food never spoils?", "Who is Ada?", "How long is a day on Venus?", "Do otters sleep?"}

/** The users: they ask the public name all the time, until they are interrupted. */
Thread users(Endpoint any, Map<String, Integer> answers) {
  Thread users = new Thread(() -> {
    Random random = new Random(1);
    while (!Thread.currentThread().isInterrupted()) {
      String by;
      try {
        by = local.invoke(any, Request.texts(questions[random.nextInt(questions.length)])).variant().orElseThrow();
      } catch (ServingException e) {
        by = e.variant().orElse("unknown") + " failed";
      }
      answers.merge(by, 1, Integer::sum);
    }
  });
  users.setDaemon(true);
  users.start();
  return users;
}

Duration second = Duration.ofSeconds(1)
/** A tenth of the requests, half of them, all of them, while at most 2 of 100 fail. */
Rollout rollout = Rollout.guardedBy(Guard.maxFailures(0.02)).step(10, second).step(50, second).step(100, second).withLookInterval(Duration.ofMillis(250))

/** Rolls a version out while users ask, undeploys what gets no more requests, and returns what serves. */
Endpoint canary(Endpoint stable, Container container, String variant) throws InterruptedException {
  Endpoint candidate = local.deploy(container, one, new Routing(stable.name(), variant)).await(limit);
  Map<String, Integer> answers = new ConcurrentSkipListMap<>();
  Thread users = users(stable, answers);
  Endpoint serving = candidate;
  try {
    local.rollOut(stable, candidate, rollout, calls)
        .onProgress(event -> {
          if (event.message().startsWith("at ")) {
            System.out.println("  " + event);
          }
        })
        .await(limit);
    System.out.println("Promoted: " + variant + ".");
  } catch (ServingException e) {
    System.out.println(e.getMessage());
    serving = stable;
  }
  users.interrupt();
  users.join();
  chart(answers);
  local.undeploy(serving == stable ? candidate : stable).await(limit);
  return serving;
}

Container minilm = packaged("classpath:all-minilm-l6-v2-q.onnx")
Endpoint serving = show(local.deploy(minilm, one, new Routing("ask", "blue")))

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
      serving = canary(serving, minilm, "violet")
      rollout = Rollout.guardedBy(Guard.maxSlower(0.05, Duration.ofNanos(1))).step(50, second)
      end()
    """)
