import { createApp } from 'vue'
import App from './App.vue'
import { useElements } from './elements'
import { router } from './router'
import './style.css'

const app = createApp(App)
useElements(app)
app.use(router)
app.mount('#app')
