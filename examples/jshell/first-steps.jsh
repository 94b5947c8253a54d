// The first steps, as you would type them: examples/run jshell
EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)

System.out.println("package : ModelArtifact -> Container")
ModelArtifact model = ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"))
Container container = show(local.packageModel(model, RuntimeSpec.NONE, Dependencies.NONE))

System.out.println("deploy : Container -> Endpoint")
Endpoint blue = show(local.deploy(container, Scaling.fixed(1), new Routing("ask", "blue")))
Endpoint green = show(local.deploy(container, Scaling.fixed(1), new Routing("ask", "green")))

System.out.println("route : Version x Version x Weight -> Version")
Version canary = show(local.route(blue.at(100), green.at(0), TrafficWeight.percent(10)))

/** Asks the model under its public name, by the traffic weights. */
Response ask(String... texts) {
  return local.invoke(blue, Request.texts(texts));
}

/** How much two texts mean the same, by the model. */
double similar(String a, String b) {
  float[][] vectors = ask(a, b).vectors();
  return cosine(vectors[0], vectors[1]);
}

local.list().forEach(System.out::println)
System.out.println(ask("Which food never spoils?"))

System.out.println("deploy : ModelArtifact -> Function")
ServerlessPlatform functions = Platforms.open("serverless", ServerlessPlatform.class)
ModelFunction f = show(functions.deploy(model.named("ask"), FunctionLimits.DEFAULT))
System.out.println(functions.invoke(f, Request.texts("hello")))

/** Undeploys all of it, and returns how many resources are left. */
int end() {
  show(functions.undeploy(f));
  show(local.undeploy(green));
  show(local.undeploy(blue));
  System.out.println("left: " + local.inventory() + " " + functions.inventory());
  return local.inventory().size() + functions.inventory().size();
}

System.out.println("""

    Type, with Tab after a dot or a bracket:
      similar("How old is the boat?", "When was the ship built?")
      local.preview(p -> p.undeploy(green))
      end()
    """)
