/*
 * Runs a Jenkinsfile as it is, as Jenkins' declarative pipeline would.
 *
 *   groovy jenkins.groovy < conversation
 *
 * Strict: a word that Jenkins does not know in that place, a section twice,
 * an argument too many or of the wrong kind refuses the file.  First
 * everything is read with all effects left out, so that stages which this
 * build skips are checked as well.
 *
 * A line on stdin asks for a build: {"jenkinsfile": PATH, "env": {},
 * "parameters": {}, "credentials": {"id": {"kind": "file", …}}}.  After that
 * each effect is one line of JSON on stdout ({"do": "sh", "script": …,
 * "env": {…}}), answered by one on stdin ({"status": 0, "stdout": ""}).  The
 * build's last line is {"do": "end", "result": "SUCCESS"} or {"do":
 * "refused", "cause": "FILE:LINE: …"}; then the next may be asked for.
 *
 * The words are those that our examples use and their near neighbours; the
 * meanings are from Jenkins' "Pipeline Syntax", its steps' reference and the
 * Credentials Binding, AWS Credentials and Generic Webhook Trigger plugins.
 */

import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.ast.ClassCodeVisitorSupport
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilationFailedException
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer

/* The Jenkinsfile is wrong. */
class Refused extends RuntimeException {
    Refused(String cause) { super(cause) }
}

/* A step of the build failed; what is wrong is not the Jenkinsfile. */
class StepFailed extends RuntimeException {
    StepFailed(String cause) { super(cause) }
}

/* What withCredentials binds: variables and their values. */
class Bound {
    String id
    Map variables
}

/*
 * Calls in a block go to its delegate and nowhere else: Groovy would first
 * look at what every object can do (println, sleep, each …).
 */
class AskDelegate extends CompilationCustomizer {
    AskDelegate() { super(CompilePhase.SEMANTIC_ANALYSIS) }

    void call(SourceUnit source, GeneratorContext context, ClassNode node) {
        new Calls(source: source).visitClass(node)
    }
}

class Calls extends ClassCodeVisitorSupport {
    SourceUnit source
    int depth

    protected SourceUnit getSourceUnit() { return source }

    void visitClosureExpression(ClosureExpression block) {
        depth++
        super.visitClosureExpression(block)
        depth--
    }

    void visitMethodCallExpression(MethodCallExpression call) {
        if (depth > 0 && call.implicitThis) {
            call.objectExpression = new VariableExpression('delegate')
            call.implicitThis = false
        }
        super.visitMethodCallExpression(call)
    }
}

/* The words of one place; every call in its block lands here. */
class Words implements GroovyInterceptable {
    String place
    Map table
    Build build
    Map assigned /* where `NAME = value` is allowed */

    Object invokeMethod(String name, Object args) {
        def word = this.@table[name]
        if (word != null) {
            return word.call(args as List)
        }
        if (this.@build.script.metaClass.respondsTo(this.@build.script, name)
                && this.@build.functions.contains(name)) {
            return this.@build.script.invokeMethod(name, args)
        }
        throw new Refused("'$name' is not known in ${this.@place}")
    }

    Object getProperty(String name) {
        def assigned = this.@assigned
        return assigned?.containsKey(name) ? assigned[name] : this.@build.variable(name)
    }

    void setProperty(String name, Object value) {
        if (this.@assigned == null) {
            throw new Refused("'$name' cannot be set in ${this.@place}")
        }
        if (!(value instanceof CharSequence)) {
            throw new Refused("'$name' is no text")
        }
        if (this.@assigned.containsKey(name)) {
            throw new Refused("'$name' is set twice")
        }
        this.@assigned[name] = value.toString()
    }
}

/* env.NAME: null where it is not set, as in Jenkins. */
class Environment {
    Build build

    Object getProperty(String name) { return this.@build.now()[name] }

    void setProperty(String name, Object value) {
        throw new Refused("env.$name is set: use environment or withEnv")
    }
}

/* A stage, read but not run. */
class Stage {
    String name
    Closure when, environment, steps
    Map post = [:]
    List<Stage> stages = []
}

class Build {
    Script script
    Set functions = [] as Set
    BufferedReader answers
    PrintStream effects
    Map credentials, parameters
    List<Map> frames /* of the environment, the outermost first */
    boolean reading = true /* nothing has an effect yet */
    Stage root = new Stage(name: 'pipeline')
    List triggers = []
    Map declared = [:]
    String image
    Set stageNames = [] as Set

    Map now() { return frames.inject([:]) { all, frame -> all + frame } }

    Object variable(String name) {
        def all = now()
        switch (name) {
            case 'env': return new Environment(build: this)
            case 'params': return parameters.asImmutable()
            case 'scm': return 'scm'
            case ['any', 'none']: return name
        }
        if (all.containsKey(name)) {
            return all[name]
        }
        throw new Refused("'$name' is not set")
    }

    /* ---- words: how they are called */

    Object within(String place, Map table, Closure block, Map assigned = null) {
        def body = (Closure) block.clone()
        body.delegate = new Words(place: place, table: table, build: this, assigned: assigned)
        body.resolveStrategy = Closure.DELEGATE_ONLY
        return body.call()
    }

    static Closure block(List args, String word) {
        if (args.size() != 1 || !(args[0] instanceof Closure)) {
            throw new Refused("'$word' wants a block")
        }
        return (Closure) args[0]
    }

    static String text(List args, String word) {
        if (args.size() != 1 || !(args[0] instanceof CharSequence)) {
            throw new Refused("'$word' wants one text")
        }
        return args[0].toString()
    }

    static void nothing(List args, String word) {
        if (args.size() != 0) {
            throw new Refused("'$word' takes no argument")
        }
    }

    /* Named arguments: @kinds has "name" or "name?" (optional) and a class. */
    static Map named(List args, String word, Map kinds) {
        if (args.size() != 1 || !(args[0] instanceof Map)) {
            throw new Refused("'$word' wants named arguments")
        }
        def given = (Map) args[0]
        given.each { name, value ->
            def kind = kinds[name] ?: kinds["$name?".toString()]
            if (kind == null) {
                throw new Refused("'$word' has no argument '$name'")
            }
            if (!kind.isInstance(value)) {
                throw new Refused("'$name' of '$word' is no ${kind.simpleName}")
            }
        }
        kinds.each { name, kind ->
            if (!name.endsWith('?') && !given.containsKey(name)) {
                throw new Refused("'$word' lacks '$name'")
            }
        }
        return given
    }

    /* Sections of which a place may hold one each. */
    Map once(String place, Map table) {
        def seen = [] as Set
        return table.collectEntries { name, word ->
            [(name): { List args ->
                if (!seen.add(name)) {
                    throw new Refused("'$name' twice in $place")
                }
                word(args)
            }]
        }
    }

    /* ---- the sections */

    void pipeline(Closure body) {
        within('pipeline', once('pipeline', [
            agent: this.&agent,
            options: { within('options', optionWords(), block(it, 'options')) },
            triggers: { within('triggers', triggerWords(), block(it, 'triggers')) },
            parameters: { within('parameters', parameterWords(), block(it, 'parameters')) },
            environment: { root.environment = block(it, 'environment') },
            stages: { root.stages = stages(block(it, 'stages')) },
            post: { root.post = post(block(it, 'post')) },
        ]), body)
        if (image == null) {
            throw new Refused("'pipeline' lacks 'agent'")
        }
        if (!root.stages) {
            throw new Refused("'pipeline' lacks 'stages'")
        }
        parameters = declared + parameters
        frames << parameters.collectEntries { name, value -> [(name): value.toString()] }
    }

    void agent(List args) {
        if (args.size() == 1 && args[0] in ['any', 'none']) {
            image = args[0]
            return
        }
        within('agent', [
            label: { image = text(it, 'label') },
            docker: { List docker ->
                if (docker.size() == 1 && docker[0] instanceof CharSequence) {
                    image = text(docker, 'docker')
                    return
                }
                within('docker', once('docker', [
                    image: { image = text(it, 'image') },
                    args: { text(it, 'args') },
                    label: { text(it, 'label') },
                    alwaysPull: { if (it != [true] && it != [false]) throw new Refused("'alwaysPull' wants true or false") },
                ]), block(docker, 'docker'))
            },
        ], block(args, 'agent'))
    }

    Map optionWords() {
        return [
            disableConcurrentBuilds: { if (it) named(it, 'disableConcurrentBuilds', ['abortPrevious?': Boolean]) },
            skipDefaultCheckout: { if (it && it != [true]) throw new Refused("'skipDefaultCheckout' wants true") },
            timestamps: { nothing(it, 'timestamps') },
            timeout: this.&limits,
            buildDiscarder: {
                if (it.size() != 1 || it[0] != 'logRotator') {
                    throw new Refused("'buildDiscarder' wants a logRotator")
                }
            },
            logRotator: {
                named(it, 'logRotator', ['numToKeepStr?': String, 'daysToKeepStr?': String,
                                         'artifactNumToKeepStr?': String, 'artifactDaysToKeepStr?': String])
                return 'logRotator'
            },
        ]
    }

    static void limits(List args) {
        def given = named(args, 'timeout', [time: Integer, 'unit?': String, 'activity?': Boolean])
        if (!((given.unit ?: 'MINUTES') in ['SECONDS', 'MINUTES', 'HOURS', 'DAYS'])) {
            throw new Refused("'${given.unit}' is no unit of time")
        }
    }

    Map triggerWords() {
        return [
            cron: {
                def line = text(it, 'cron')
                if (!(line ==~ /((H(\([0-9]+-[0-9]+\))?|[0-9,-]+|\*)(\/[0-9]+)?( |$)){5}/)) {
                    throw new Refused("'$line' is no schedule")
                }
                triggers << [cron: line]
            },
            GenericTrigger: {
                triggers << [generic: named(it, 'GenericTrigger', [
                    genericVariables: List, 'tokenCredentialId?': String, 'token?': String,
                    'regexpFilterText?': String, 'regexpFilterExpression?': String,
                    'causeString?': String])]
            },
        ]
    }

    Map parameterWords() {
        def declare = { String word, Class kind ->
            return { List args ->
                def given = named(args, word, [name: String, 'defaultValue?': kind, 'description?': String])
                declared[given.name] = given.defaultValue
            }
        }
        return [
            string: declare('string', String),
            booleanParam: declare('booleanParam', Boolean),
        ]
    }

    List<Stage> stages(Closure body) {
        def found = []
        within('stages', [stage: { List args ->
            if (args.size() != 2 || !(args[0] instanceof CharSequence) || !(args[1] instanceof Closure)) {
                throw new Refused("'stage' wants a name and a block")
            }
            if (!stageNames.add(args[0])) {
                throw new Refused("two stages '${args[0]}'")
            }
            found << stage(args[0].toString(), (Closure) args[1])
        }], body)
        return found
    }

    Stage stage(String name, Closure body) {
        def stage = new Stage(name: name)
        within("stage '$name'", once("stage '$name'", [
            when: { stage.when = block(it, 'when') },
            environment: { stage.environment = block(it, 'environment') },
            options: { within('options', optionWords(), block(it, 'options')) },
            steps: { stage.steps = block(it, 'steps') },
            stages: { stage.stages = stages(block(it, 'stages')) },
            post: { stage.post = post(block(it, 'post')) },
        ]), body)
        if ((stage.steps != null) == !stage.stages.empty) {
            throw new Refused("stage '$name' wants either steps or stages")
        }
        return stage
    }

    Map post(Closure body) {
        def found = [:]
        def conditions = ['always', 'success', 'failure', 'unsuccessful', 'cleanup']
        within('post', once('post', conditions.collectEntries { name ->
            [(name): { found[name] = block(it, name) }]
        }), body)
        if (!found) {
            throw new Refused("'post' is empty")
        }
        return found
    }

    boolean when(Closure body) {
        def verdicts = []
        def several = { String word, Closure join ->
            return { List args ->
                def inner = []
                within(word, conditionWords(inner), block(args, word))
                if (!inner) {
                    throw new Refused("'$word' is empty")
                }
                verdicts << join(inner)
            }
        }
        within('when', conditionWords(verdicts) + [
            allOf: several('allOf') { !it.contains(false) },
            anyOf: several('anyOf') { it.contains(true) },
            not: several('not') { it == [false] },
            beforeAgent: { if (it != [true]) throw new Refused("'beforeAgent' wants true") },
        ], body)
        if (!verdicts) {
            throw new Refused("'when' is empty")
        }
        return !verdicts.contains(false)
    }

    Map conditionWords(List verdicts) {
        return [
            branch: { verdicts << (now().BRANCH_NAME == text(it, 'branch')) },
            changeRequest: {
                def wanted = it ? named(it, 'changeRequest', [target: String]).target : null
                verdicts << (now().CHANGE_ID != null && (wanted == null || now().CHANGE_TARGET == wanted))
            },
            environment: {
                def given = named(it, 'environment', [name: String, value: String])
                verdicts << (now()[given.name] == given.value)
            },
            expression: {
                verdicts << (within('expression', [:], block(it, 'expression')) as boolean)
            },
        ]
    }

    /* ---- steps */

    Map stepWords() {
        return [
            sh: this.&sh,
            echo: { effect('echo', [message: text(it, 'echo')]) },
            error: { fail(text(it, 'error')) },
            script: { within('script', stepWords(), block(it, 'script')) },
            deleteDir: { nothing(it, 'deleteDir'); effect('deleteDir') },
            checkout: {
                if (it != ['scm']) {
                    throw new Refused("'checkout' wants scm")
                }
                effect('checkout')
            },
            archiveArtifacts: {
                def given = it && it[0] instanceof CharSequence ? [artifacts: text(it, 'archiveArtifacts')] :
                    named(it, 'archiveArtifacts', [artifacts: String, 'allowEmptyArchive?': Boolean,
                                                   'fingerprint?': Boolean, 'onlyIfSuccessful?': Boolean])
                effect('archiveArtifacts', given)
            },
            stash: { effect('stash', named(it, 'stash', [name: String, 'includes?': String, 'allowEmpty?': Boolean])) },
            unstash: { effect('unstash', [name: text(it, 'unstash')]) },
            withEnv: { List args ->
                if (args.size() != 2 || !(args[0] instanceof List)) {
                    throw new Refused("'withEnv' wants a list and a block")
                }
                framed(((List) args[0]).collectEntries { entry ->
                    def pair = entry.toString().split('=', 2)
                    [(pair[0]): pair[1]]
                }) { within('withEnv', stepWords(), block(args.drop(1), 'withEnv')) }
            },
            withCredentials: { List args ->
                if (args.size() != 2 || !(args[0] instanceof List) || args[0].any { !(it instanceof Bound) }) {
                    throw new Refused("'withCredentials' wants a list of bindings and a block")
                }
                framed(((List<Bound>) args[0]).collectEntries { bound -> bound.variables }) {
                    within('withCredentials', stepWords(), block(args.drop(1), 'withCredentials'))
                }
            },
            timeout: {
                limits(it.take(1))
                within('timeout', stepWords(), block(it.drop(1), 'timeout'))
            },
            retry: { List args ->
                if (args.size() != 2 || !(args[0] instanceof Integer)) {
                    throw new Refused("'retry' wants a number and a block")
                }
                again((int) args[0]) { within('retry', stepWords(), block(args.drop(1), 'retry')) }
            },
        ] + bindingWords()
    }

    Map bindingWords() {
        return [
            file: {
                def given = named(it, 'file', [credentialsId: String, variable: String])
                bind(given.credentialsId, 'file', [(given.variable): 'path'])
            },
            string: {
                def given = named(it, 'string', [credentialsId: String, variable: String])
                bind(given.credentialsId, 'string', [(given.variable): 'secret'])
            },
            usernamePassword: {
                def given = named(it, 'usernamePassword', [credentialsId: String, usernameVariable: String,
                                                           passwordVariable: String])
                bind(given.credentialsId, 'usernamePassword',
                     [(given.usernameVariable): 'username', (given.passwordVariable): 'password'])
            },
            aws: {
                def given = named(it, 'aws', [credentialsId: String, 'accessKeyVariable?': String,
                                              'secretKeyVariable?': String])
                bind(given.credentialsId, 'aws',
                     [(given.accessKeyVariable ?: 'AWS_ACCESS_KEY_ID'): 'accessKey',
                      (given.secretKeyVariable ?: 'AWS_SECRET_ACCESS_KEY'): 'secretKey'])
            },
        ]
    }

    Bound bind(String id, String kind, Map parts) {
        def held = credentials[id]
        if (held == null) {
            throw new Refused("there are no credentials '$id'")
        }
        if (held.kind != kind) {
            throw new Refused("the credentials '$id' are of kind ${held.kind}, not $kind")
        }
        return new Bound(id: id, variables: parts.collectEntries { variable, part -> [(variable): held[part]] })
    }

    Object sh(List args) {
        def given = args && args[0] instanceof CharSequence ? [script: text(args, 'sh')] :
            named(args, 'sh', [script: CharSequence, 'label?': String, 'returnStdout?': Boolean,
                               'returnStatus?': Boolean])
        if (reading) {
            return given.returnStatus ? 0 : given.returnStdout ? '' : null
        }
        def answer = ask('sh', [script: given.script.toString(), env: now()])
        if (given.returnStatus) {
            return answer.status
        }
        if (answer.status != 0) {
            fail("script returned exit code ${answer.status}")
        }
        return given.returnStdout ? answer.stdout : null
    }

    void again(int times, Closure body) {
        for (int left = times; ; left--) {
            try {
                body()
                return
            } catch (StepFailed failed) {
                if (left <= 1) {
                    throw failed
                }
            }
        }
    }

    void fail(String cause) {
        if (!reading) {
            throw new StepFailed(cause)
        }
    }

    void effect(String name, Map given = [:]) {
        if (!reading && ask(name, given).status != 0) {
            fail("'$name' failed")
        }
    }

    Map ask(String name, Map given) {
        effects.println(JsonOutput.toJson([do: name] + given))
        def line = answers.readLine()
        if (line == null) {
            throw new IllegalStateException("no answer to '$name'")
        }
        return (Map) new JsonSlurper().parseText(line)
    }

    /* ---- a run */

    Object framed(Map variables, Closure body) {
        frames << variables
        try {
            return body()
        } finally {
            frames.remove(frames.size() - 1)
        }
    }

    /* What `environment` sets is not in `env` before all of it is. */
    Map environment(Closure body) {
        def assigned = [:]
        if (body != null) {
            within('environment', [:], body, assigned)
        }
        return assigned
    }

    String run(Stage stage) {
        String result = 'SUCCESS'
        framed(environment(stage.environment)) {
            boolean wanted = stage.when == null || when(stage.when)
            if (!wanted && !reading) {
                return
            }
            try {
                if (stage.steps != null) {
                    steps(stage.steps)
                }
                for (inner in stage.stages) {
                    if (run(inner) != 'SUCCESS') {
                        result = 'FAILURE'
                        break
                    }
                }
            } catch (StepFailed failed) {
                effect('echo', [message: "ERROR: ${failed.message}".toString()])
                result = 'FAILURE'
            }
            for (condition in ['always', result == 'SUCCESS' ? 'success' : 'failure',
                               result == 'SUCCESS' ? null : 'unsuccessful', 'cleanup']) {
                def body = condition ? stage.post[condition] : null
                if (body != null) {
                    try {
                        steps(body)
                    } catch (StepFailed failed) {
                        result = 'FAILURE'
                    }
                }
            }
            if (reading) {
                stage.post.values().each { steps(it) }
            }
        }
        return result
    }

    void steps(Closure body) { within('steps', stepWords(), body) }
}

/* Only `pipeline` and the file's own functions are words outside of it. */
abstract class Outside extends Script {
    private Build asked() { return (Build) binding.getVariable('build') }

    Object getProperty(String name) {
        return name in ['binding', 'metaClass'] ? super.getProperty(name) : asked().variable(name)
    }

    Object invokeMethod(String name, Object args) {
        if (name == 'pipeline') {
            return asked().pipeline(Build.block(args as List, 'pipeline'))
        }
        if (name in asked().functions) {
            return super.invokeMethod(name, args)
        }
        throw new Refused("'$name' is not known outside of 'pipeline'")
    }
}

String place(Throwable cause, String file) {
    def frame = cause.stackTrace.find { it.fileName == file }
    return frame ? "$file:${frame.lineNumber}" : file
}

/* Reads and runs one Jenkinsfile; what to say last. */
Map build(Map asked, BufferedReader answers) {
    def file = new File(asked.jenkinsfile)
    def build = new Build(answers: answers, effects: System.out, credentials: asked.credentials,
                          parameters: asked.parameters, frames: [asked.env])
    def compiler = new CompilerConfiguration(scriptBaseClass: Outside.name)
    compiler.addCompilationCustomizers(new AskDelegate())
    try {
        build.script = new GroovyShell(this.class.classLoader, new groovy.lang.Binding(build: build), compiler)
            .parse(file.getText('UTF-8'), file.name)
        build.functions = build.script.getClass().declaredMethods.findAll {
            !it.synthetic && !(it.name in ['main', 'run']) && !it.name.startsWith('$')
        }*.name as Set
        build.script.run()
        if (build.image == null) {
            throw new Refused("there is no 'pipeline'")
        }
        build.run(build.root)
        build.reading = false
        build.effects.println(JsonOutput.toJson([do: 'begin', image: build.image, triggers: build.triggers]))
        return [do: 'end', result: build.run(build.root)]
    } catch (Refused refused) {
        return [do: 'refused', cause: "${place(refused, file.name)}: ${refused.message}".toString()]
    } catch (CompilationFailedException broken) {
        return [do: 'refused', cause: broken.message]
    }
}

def input = new BufferedReader(new InputStreamReader(System.in, 'UTF-8'))
System.out = new PrintStream(System.out, true, 'UTF-8')
for (def line = input.readLine(); line != null; line = input.readLine()) {
    println(JsonOutput.toJson(build((Map) new JsonSlurper().parseText(line), input)))
}
